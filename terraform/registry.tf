# Images of services, if there is no repository yet.
resource "google_artifact_registry_repository" "images" {
  count = var.create_repository == null ? 0 : 1

  project       = var.project_id
  location      = var.region
  repository_id = var.create_repository
  format        = "DOCKER"
  description   = "Images that Slipway deploys"
  labels        = var.labels

  depends_on = [google_project_service.main]
}

# Images of Slipway's own functions, which Cloud Build makes from their code.
resource "google_artifact_registry_repository" "functions" {
  project       = var.project_id
  location      = var.region
  repository_id = "${var.name_prefix}-functions"
  format        = "DOCKER"
  description   = "Slipway's functions"
  labels        = var.labels

  depends_on = [google_project_service.main]
}
