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

  # The services that are deployed, and the way back from each of them, need these images, whatever becomes of Slipway.
  lifecycle {
    prevent_destroy = true
  }
}

data "google_project" "target" {
  for_each = local.target_projects

  project_id = each.key
}

# Cloud Run's own agent pulls the image, not the service's account. In its own project it may anyway.
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
