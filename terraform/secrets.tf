# Entries only: the values are put in by hand (docs/install.md) and are in no state. All of them, whatever is configured: a
# value has to be there before a function that wants it.
resource "google_secret_manager_secret" "main" {
  for_each = local.manifest.secrets

  project             = var.project_id
  secret_id           = "${var.name_prefix}-${each.value.id}"
  deletion_protection = var.enable_protection
  labels              = var.labels

  replication {
    auto {}
  }

  depends_on = [google_project_service.main]
}
