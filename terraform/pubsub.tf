locals {
  # Topics of functions, except for gcr: that one is the registry's.
  topics = toset(concat(
    [for target in local.manifest.targets : target.topic if lookup(target, "topic", "gcr") != "gcr"],
    [local.manifest.deadLetter.topic],
  ))

  own_registry = contains(local.registry_projects, var.project_id)
  registry_projects = distinct(coalescelist(
    var.registry_projects,
    concat([for repository in var.repositories : repository.project], var.create_repository == null ? [] : [var.project_id]),
    [var.project_id],
  ))

  # One subscription for each function; image-push has one for each project with a registry.
  subscriptions = merge(
    {
      for name, target in local.targets : name => {
        function = name
        topic    = google_pubsub_topic.main[target.topic].id
        path     = "projects/${var.project_id}/topics/${target.topic}"
      } if target.topic != null && target.topic != "gcr"
    },
    {
      for project in local.registry_projects : project == var.project_id ? "image-push" : "image-push-${project}" => {
        function = "image-push"
        topic    = "projects/${project}/topics/gcr"
        path     = "projects/${project}/topics/gcr"
      }
    },
  )

  pubsub_agent = "serviceAccount:service-${data.google_project.main.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_topic" "main" {
  for_each = local.topics

  project = var.project_id
  name    = each.key
  labels  = var.labels

  depends_on = [google_project_service.main]
}

resource "google_pubsub_topic" "gcr" {
  count = var.create_gcr_topic && local.own_registry ? 1 : 0

  project = var.project_id
  name    = "gcr"
  labels  = var.labels

  depends_on = [google_project_service.main]
}

resource "google_pubsub_topic" "cloud_builds" {
  count = var.create_cloud_builds_topic ? 1 : 0

  project = var.project_id
  name    = "cloud-builds"
  labels  = var.labels

  depends_on = [google_project_service.main]
}

# A subscription of our own and no trigger of the function's: that one would hide it, and have no dead letters.
resource "google_pubsub_subscription" "main" {
  for_each = local.subscriptions

  project              = var.project_id
  name                 = "${var.name_prefix}-${each.key}"
  topic                = each.value.topic
  ack_deadline_seconds = local.targets[each.value.function].ack_deadline_s
  labels               = var.labels

  push_config {
    # functions-framework finds the topic's name in the path.
    push_endpoint = "${google_cloudfunctions2_function.main[each.value.function].service_config[0].uri}/${each.value.path}"

    oidc_token {
      service_account_email = google_service_account.main["pubsub-push"].email
      audience              = google_cloudfunctions2_function.main[each.value.function].service_config[0].uri
    }
  }

  retry_policy {
    minimum_backoff = "${local.manifest.retry.minimumBackoffSeconds}s"
    maximum_backoff = "${local.manifest.retry.maximumBackoffSeconds}s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.main[local.manifest.deadLetter.topic].id
    max_delivery_attempts = local.manifest.deadLetter.maxDeliveryAttempts
  }

  # Never: a month without a deployment is no reason to forget how.
  expiration_policy {
    ttl = ""
  }

  depends_on = [
    google_cloud_run_v2_service_iam_member.push,
    google_pubsub_topic.gcr,
    google_pubsub_topic_iam_member.dead_letters,
  ]
}

# Keeps dead letters until a person has looked: docs/operations.md.
resource "google_pubsub_subscription" "dead_letters" {
  project                    = var.project_id
  name                       = "${var.name_prefix}-dead-letters"
  topic                      = google_pubsub_topic.main[local.manifest.deadLetter.topic].id
  message_retention_duration = "604800s"
  labels                     = var.labels

  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_topic_iam_member" "dead_letters" {
  project = var.project_id
  topic   = google_pubsub_topic.main[local.manifest.deadLetter.topic].name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "dead_letters" {
  for_each = google_pubsub_subscription.main

  project      = var.project_id
  subscription = each.value.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}
