# Service files (services/) and reports (reports/).
resource "google_storage_bucket" "main" {
  project                     = var.project_id
  name                        = "${var.project_id}-${var.name_prefix}"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.enable_protection
  labels                      = var.labels

  versioning {
    enabled = true
  }

  lifecycle_rule {
    action {
      type = "Delete"
    }

    condition {
      days_since_noncurrent_time = 365
      num_newer_versions         = 20
    }
  }
}

resource "google_storage_bucket_object" "service_file" {
  for_each = var.service_files_dir == null ? toset([]) : fileset(var.service_files_dir, "*.yaml")

  bucket       = google_storage_bucket.main.name
  name         = "services/${each.key}"
  source       = "${var.service_files_dir}/${each.key}"
  content_type = "application/yaml"
}

resource "google_storage_bucket_iam_member" "report_readers" {
  for_each = toset(var.report_readers)

  bucket = google_storage_bucket.main.name
  role   = "roles/storage.objectViewer"
  member = each.key

  condition {
    title      = "reports"
    expression = "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.main.name}/objects/reports/\")"
  }
}

# The functions' code.
resource "google_storage_bucket" "source" {
  project                     = var.project_id
  name                        = "${var.project_id}-${var.name_prefix}-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true
  labels                      = var.labels
}

# The hash is in the name, so that the functions are built again when the code changes and only then.
resource "google_storage_bucket_object" "functions" {
  bucket = google_storage_bucket.source.name
  name   = "functions-${filesha256(var.functions_zip)}.zip"
  source = var.functions_zip
}
