resource "google_cloud_scheduler_job" "reconcile" {
  project     = var.project_id
  region      = var.region
  name        = "${var.name_prefix}-reconcile"
  description = "Mends what events could not"
  schedule    = var.reconcile_schedule
  time_zone   = "Etc/UTC"

  pubsub_target {
    topic_name = google_pubsub_topic.main["reconcile-ticks"].id
    # Never empty: functions-framework makes no event of a message without data.
    data = base64encode("{}")
  }
}
