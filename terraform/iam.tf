# One account for each function, and each may do what functions/targets.json says of it and why. Every right is a member added
# (`*_iam_member`): what else a project grants stays as it is. docs/security.md is the same as a table.

locals {
  grants = merge([
    for name, target in local.targets : {
      for capability, why in target.may : "${name}/${capability}" => merge(
        { role = null, under = null },
        local.manifest.capabilities[capability],
        { function = name, capability = capability },
      ) if local.conditions[lookup(local.manifest.capabilities[capability], "when", "always")]
    }
  ]...)

  granted_on = {
    for place in ["project", "targets", "bucket", "ledger", "repositories", "runtime-accounts", "build-accounts", "judged-secrets"] : place => {
      for key, grant in local.grants : key => grant if grant.on == place
    }
  }

  # Where no predefined role is as narrow as what is needed. A custom role is only good in the project that has it.
  custom_roles = merge([
    for grant in local.grants : {
      for project in(grant.on == "targets" ? local.target_projects : toset([var.project_id])) :
      "${project}/${grant.capability}" => { project = project, capability = grant.capability }
    } if grant.role == null
  ]...)

  publishers = merge([
    for name, target in local.targets : {
      for topic, why in target.publishes : "${name}/${topic}" => { function = name, topic = topic }
    }
  ]...)

  readers = merge([
    for name, target in local.targets : {
      for secret, why in target.secrets : "${name}/${secret}" => { function = name, secret = secret }
      if contains(keys(local.secrets), secret)
    }
  ]...)

  in_target_projects = merge([
    for project in local.target_projects : {
      for key, grant in local.granted_on["targets"] : "${project}/${key}" => merge(grant, { project = project })
    }
  ]...)

  on_repositories = merge([
    for name, repository in local.repositories : {
      for key, grant in local.granted_on["repositories"] : "${name}/${key}" => { function = grant.function, role = grant.role, repository = repository }
    }
  ]...)
}

# Accounts

resource "google_service_account" "function" {
  for_each = local.targets

  project      = var.project_id
  account_id   = "${var.name_prefix}-${each.key}"
  display_name = "Slipway: function ${each.key}"

  depends_on = [google_project_service.main]
}

resource "google_service_account" "workflow" {
  project      = var.project_id
  account_id   = "${var.name_prefix}-workflow"
  display_name = "Slipway: the workflow"

  depends_on = [google_project_service.main]
}

resource "google_service_account" "push" {
  project      = var.project_id
  account_id   = "${var.name_prefix}-pubsub-push"
  display_name = "Slipway: Pub/Sub when it calls functions"

  depends_on = [google_project_service.main]
}

resource "google_service_account" "build" {
  project      = var.project_id
  account_id   = "${var.name_prefix}-source-build"
  display_name = "Slipway: Cloud Build when it builds functions"

  depends_on = [google_project_service.main]
}

# What functions may do

resource "google_project_iam_custom_role" "main" {
  for_each = local.custom_roles

  project     = each.value.project
  role_id     = replace("${var.name_prefix}_${each.value.capability}", "-", "_")
  title       = "Slipway: ${each.value.capability}"
  permissions = local.manifest.capabilities[each.value.capability].permissions

  depends_on = [google_project_service.main]
}

resource "google_project_iam_member" "own" {
  for_each = local.granted_on["project"]

  project = var.project_id
  role    = google_project_iam_custom_role.main["${var.project_id}/${each.value.capability}"].id
  member  = google_service_account.function[each.value.function].member
}

resource "google_project_iam_member" "target" {
  for_each = local.in_target_projects

  project = each.value.project
  role    = google_project_iam_custom_role.main["${each.value.project}/${each.value.capability}"].id
  member  = google_service_account.function[each.value.function].member
}

# Firestore's permissions end at the database: whoever may write the ledger may write all of it.
resource "google_project_iam_member" "ledger" {
  for_each = local.granted_on["ledger"]

  project = var.project_id
  role    = each.value.role
  member  = google_service_account.function[each.value.function].member

  condition {
    title      = "the ledger"
    expression = "resource.name == \"${google_firestore_database.ledger.id}\" || resource.name.startsWith(\"${google_firestore_database.ledger.id}/\")"
  }
}

resource "google_storage_bucket_iam_member" "main" {
  for_each = local.granted_on["bucket"]

  bucket = google_storage_bucket.main.name
  role   = google_project_iam_custom_role.main["${var.project_id}/${each.value.capability}"].id
  member = google_service_account.function[each.value.function].member

  dynamic "condition" {
    for_each = each.value.under == null ? [] : [each.value.under]

    content {
      title      = "under ${condition.value}"
      expression = "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.main.name}/objects/${condition.value}\")"
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "main" {
  for_each = local.on_repositories

  project    = each.value.repository.project
  location   = each.value.repository.location
  repository = each.value.repository.name
  role       = each.value.role
  member     = google_service_account.function[each.value.function].member
}

resource "google_service_account_iam_member" "runtime" {
  for_each = merge([
    for email in var.runtime_service_accounts : {
      for key, grant in local.granted_on["runtime-accounts"] : "${email}/${key}" => { email = email, function = grant.function, role = grant.role }
    }
  ]...)

  service_account_id = "projects/-/serviceAccounts/${each.value.email}"
  role               = each.value.role
  member             = google_service_account.function[each.value.function].member
}

resource "google_service_account_iam_member" "builder" {
  for_each = merge([
    for email in var.build_service_accounts : {
      for key, grant in local.granted_on["build-accounts"] : "${email}/${key}" => { email = email, function = grant.function, role = grant.role }
    }
  ]...)

  service_account_id = "projects/-/serviceAccounts/${each.value.email}"
  role               = each.value.role
  member             = google_service_account.function[each.value.function].member
}

resource "google_secret_manager_secret_iam_member" "judged" {
  for_each = merge([
    for name in var.judged_secrets : {
      for key, grant in local.granted_on["judged-secrets"] : "${name}/${key}" => { name = name, function = grant.function, role = grant.role }
    }
  ]...)

  project   = split("/", each.value.name)[1]
  secret_id = split("/", each.value.name)[3]
  role      = each.value.role
  member    = google_service_account.function[each.value.function].member
}

resource "google_secret_manager_secret_iam_member" "main" {
  for_each = local.readers

  project   = var.project_id
  secret_id = google_secret_manager_secret.main[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}

resource "google_pubsub_topic_iam_member" "functions" {
  for_each = local.publishers

  project = var.project_id
  topic   = google_pubsub_topic.main[each.value.topic].name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.function[each.value.function].member
}

# The workflow

resource "google_pubsub_topic_iam_member" "workflow" {
  for_each = { for name, target in local.targets : name => target.topic if target.kind == "step" }

  project = var.project_id
  topic   = google_pubsub_topic.main[each.value].name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.workflow.member
}

resource "google_project_iam_member" "workflow" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.workflow.member
}

# Who may call functions

resource "google_cloud_run_v2_service_iam_member" "push" {
  for_each = { for name, target in local.targets : name => target if target.topic != null }

  project  = var.project_id
  location = var.region
  name     = google_cloudfunctions2_function.main[each.key].name
  role     = "roles/run.invoker"
  member   = google_service_account.push.member
}

resource "google_service_account_iam_member" "push" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = local.pubsub_agent

  # Pub/Sub's agent exists once its API was used.
  depends_on = [google_pubsub_topic.main]
}

resource "google_cloud_run_v2_service_iam_member" "api" {
  for_each = toset(var.api_invokers)

  project  = var.project_id
  location = var.region
  name     = google_cloudfunctions2_function.main["api"].name
  role     = "roles/run.invoker"
  member   = each.key
}

# What is public verifies its callers by itself.
resource "google_cloud_run_v2_service_iam_member" "everybody" {
  for_each = { for name, target in local.targets : name => target if target.access == "public" && var.enable_chatops_for_everybody }

  project  = var.project_id
  location = var.region
  name     = google_cloudfunctions2_function.main[each.key].name
  role     = "roles/run.invoker"
  member   = "allUsers"
}

# Building the functions: https://cloud.google.com/functions/docs/securing/build-custom-sa

resource "google_project_iam_member" "build" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

resource "google_project_iam_member" "build_source" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  # Cloud Functions copies the source there.
  condition {
    title      = "sources of functions"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.main.number}-\")"
  }
}

resource "google_storage_bucket_iam_member" "build" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member
}

resource "google_artifact_registry_repository_iam_member" "build" {
  project    = var.project_id
  location   = var.region
  repository = google_artifact_registry_repository.functions.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

# Images of services: who may write what Cloud Build makes, and who may read it where it runs

resource "google_artifact_registry_repository_iam_member" "builders" {
  for_each = {
    for pair in setproduct(keys(local.repositories), var.build_service_accounts) : join("/", pair) => {
      repository = local.repositories[pair[0]]
      email      = pair[1]
    }
  }

  project    = each.value.repository.project
  location   = each.value.repository.location
  repository = each.value.repository.name
  role       = "roles/artifactregistry.writer"
  member     = "serviceAccount:${each.value.email}"
}

data "google_project" "target" {
  for_each = local.target_projects

  project_id = each.key
}

# Cloud Run's own agent pulls the image, not the service's account.
resource "google_artifact_registry_repository_iam_member" "run_agents" {
  for_each = {
    for pair in setproduct(keys(local.repositories), local.target_projects) : join("/", pair) => {
      repository = local.repositories[pair[0]]
      project    = pair[1]
    } if local.repositories[pair[0]].project != pair[1]
  }

  project    = each.value.repository.project
  location   = each.value.repository.location
  repository = each.value.repository.name
  role       = "roles/artifactregistry.reader"
  member     = "serviceAccount:service-${data.google_project.target[each.value.project].number}@serverless-robot-prod.iam.gserviceaccount.com"
}
