# The file as it is: the same that the local cloud runs.
resource "google_workflows_workflow" "main" {
  project         = var.project_id
  region          = var.region
  name            = local.workflow
  description     = "The order of a deployment"
  service_account = google_service_account.main["workflow"].id
  source_contents = file("${path.module}/../workflows/deploy.yaml")
  call_log_level  = "LOG_ERRORS_ONLY"
  labels          = var.labels

  # It holds no state: executions under way keep the revision they began with.
  deletion_protection = false

  depends_on = [google_project_service.main]
}
