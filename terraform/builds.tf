# What Cloud Build makes: the functions, from their archive (https://cloud.google.com/functions/docs/securing/build-custom-sa), and
# images of services, from source. Each has an account that can read its sources, write its images and write logs, no more.

locals {
  # A build runs in the project of its service, as an account of that project.
  image_builders = length(var.source_buckets) > 0 ? local.target_projects : toset([])

  writers = merge(
    { source-build = { repository = local.functions_repository, member = google_service_account.main["source-build"].member } },
    {
      for pair in setproduct(keys(local.repositories), local.image_builders) : join("/", pair) => {
        repository = local.repositories[pair[0]]
        member     = google_service_account.image_build[pair[1]].member
      }
    },
  )

  functions_repository = {
    project  = google_artifact_registry_repository.functions.project
    location = google_artifact_registry_repository.functions.location
    name     = google_artifact_registry_repository.functions.name
  }
}

resource "google_service_account" "image_build" {
  for_each = local.image_builders

  project      = each.key
  account_id   = "${var.name_prefix}-image-build"
  display_name = "Slipway: Cloud Build when it makes images of services"
}

resource "google_storage_bucket_iam_member" "sources" {
  for_each = merge(
    { source-build = { bucket = google_storage_bucket.source.name, member = google_service_account.main["source-build"].member } },
    {
      for pair in setproduct(local.image_builders, var.source_buckets) : join("/", pair) => {
        bucket = pair[1]
        member = google_service_account.image_build[pair[0]].member
      }
    },
  )

  bucket = each.value.bucket
  role   = "roles/storage.objectViewer"
  member = each.value.member
}

# Cloud Functions copies the source there.
resource "google_project_iam_member" "build_source" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.main["source-build"].member

  condition {
    title      = "sources of functions"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.main.number}-\")"
  }
}

resource "google_artifact_registry_repository_iam_member" "writers" {
  for_each = local.writers

  project    = each.value.repository.project
  location   = each.value.repository.location
  repository = each.value.repository.name
  role       = "roles/artifactregistry.writer"
  member     = each.value.member
}

resource "google_project_iam_member" "logs" {
  for_each = merge(
    { for name in ["workflow", "source-build"] : name => google_service_account.main[name] },
    { for project, account in google_service_account.image_build : "${project}/image-build" => account },
  )

  project = each.value.project
  role    = "roles/logging.logWriter"
  member  = each.value.member
}
