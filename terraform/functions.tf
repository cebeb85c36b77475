locals {
  # Read by shared/env.ts, which says what each is.
  environment = {
    for name, value in {
      SLIPWAY_PROJECT                = var.project_id
      SLIPWAY_PROJECT_NUMBER         = data.google_project.main.number
      SLIPWAY_REGION                 = var.region
      SLIPWAY_WORKFLOW               = local.workflow
      SLIPWAY_BUCKET                 = google_storage_bucket.main.name
      SLIPWAY_LEDGER                 = "firestore:${google_firestore_database.ledger.name}"
      SLIPWAY_STEP_ACCOUNTS          = "${var.name_prefix}-{step}@${var.project_id}.iam.gserviceaccount.com"
      SLIPWAY_BUILDER                = var.builder_image
      SLIPWAY_BUILD_ACCOUNT          = local.conditions.builds ? "${var.name_prefix}-image-build@{project}.iam.gserviceaccount.com" : null
      SLIPWAY_MONITORING_LAG_SECONDS = tostring(var.monitoring_lag_s)
      SLIPWAY_PUSH_GRACE_SECONDS     = tostring(var.push_grace_s)
      SLIPWAY_HAS_SLACK              = local.conditions.slack ? "true" : null
      SLIPWAY_HAS_PAGER              = local.conditions.pager ? "true" : null
      SLIPWAY_PROBE_VPC_CONNECTOR    = var.probe_vpc_connector
      SLIPWAY_CHATOPS_URL            = var.slack == null ? null : local.chatops_url
      SLIPWAY_SLACK_CHANNEL          = var.slack == null ? null : var.slack.channel
      SLIPWAY_SLACK_FALLBACK_CHANNEL = var.slack == null ? null : var.slack.fallback_channel
      SLACK_TEAM_IDS                 = var.slack == null ? null : join(",", var.slack.team_ids)
      SLACK_APP_ID                   = var.slack == null ? null : var.slack.app_id
    } : name => value if value != null
  }
}

resource "google_cloudfunctions2_function" "main" {
  for_each = local.targets

  project  = var.project_id
  location = var.region
  name     = "${var.name_prefix}-${each.key}"
  labels   = var.labels

  build_config {
    runtime           = local.manifest.defaults.runtime
    entry_point       = each.key
    service_account   = google_service_account.main["source-build"].id
    docker_repository = google_artifact_registry_repository.functions.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.functions.name
      }
    }
  }

  service_config {
    available_cpu                    = each.value.cpu
    available_memory                 = "${each.value.memoryMiB}Mi"
    timeout_seconds                  = each.value.timeout_s
    max_instance_request_concurrency = each.value.concurrency
    min_instance_count               = each.value.minInstances
    max_instance_count               = each.value.maxInstances
    ingress_settings                 = each.value.ingress == "all" ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision   = true
    service_account_email            = google_service_account.main[each.key].email
    environment_variables            = local.environment
    vpc_connector                    = contains(keys(each.value.may), "call-services") ? var.probe_vpc_connector : null
    vpc_connector_egress_settings    = contains(keys(each.value.may), "call-services") && var.probe_vpc_connector != null ? "ALL_TRAFFIC" : null

    dynamic "secret_environment_variables" {
      for_each = { for name in keys(each.value.secrets) : name => local.secrets[name] if contains(keys(local.secrets), name) }

      content {
        key        = secret_environment_variables.key
        project_id = var.project_id
        secret     = google_secret_manager_secret.main[secret_environment_variables.key].secret_id
        version    = lookup(var.secret_versions, secret_environment_variables.value.id, "latest")
      }
    }
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.writers,
    google_project_iam_member.build_source,
    google_project_iam_member.logs,
    google_secret_manager_secret_iam_member.main,
    google_storage_bucket_iam_member.sources,
  ]
}
