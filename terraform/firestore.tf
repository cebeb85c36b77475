# shared/ledger/indexes.json says which queries there are; docs/ledger.md explains them.

resource "google_firestore_database" "ledger" {
  project                           = var.project_id
  name                              = var.ledger_database
  location_id                       = coalesce(var.ledger_location, var.region)
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "PESSIMISTIC"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED"
  delete_protection_state           = var.enable_protection ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.enable_protection ? "ABANDON" : "DELETE"

  depends_on = [google_project_service.main]
}

resource "google_firestore_index" "ledger" {
  for_each = { for index in local.indexes.indexes : "${index.collection}.${index.field}" => index }

  project     = var.project_id
  database    = google_firestore_database.ledger.name
  collection  = each.value.collection
  query_scope = "COLLECTION"

  fields {
    field_path = "fields.${each.value.field}"
    order      = "ASCENDING"
  }

  fields {
    field_path = "id"
    order      = "DESCENDING"
  }
}

# The document itself, as text: long, and never asked for.
resource "google_firestore_field" "json" {
  for_each = toset(local.indexes.collections)

  project    = var.project_id
  database   = google_firestore_database.ledger.name
  collection = each.key
  field      = "json"

  index_config {}
}

resource "google_firestore_field" "expire_at" {
  for_each = toset(local.indexes.expiring)

  project    = var.project_id
  database   = google_firestore_database.ledger.name
  collection = each.key
  field      = "expireAt"

  ttl_config {}

  # An indexed timestamp is a hot spot.
  index_config {}
}
