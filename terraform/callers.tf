# Who may call functions. What each may do is in iam.tf.

resource "google_cloud_run_v2_service_iam_member" "push" {
  for_each = { for name, target in local.targets : name => target if target.topic != null }

  project  = var.project_id
  location = var.region
  name     = google_cloudfunctions2_function.main[each.key].name
  role     = "roles/run.invoker"
  member   = google_service_account.main["pubsub-push"].member
}

resource "google_service_account_iam_member" "push" {
  service_account_id = google_service_account.main["pubsub-push"].name
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
