# One account for each function, and each may do what functions/targets.json says of it and why. Every right is a member added
# (`*_iam_member`): what else a project grants stays as it is. docs/security.md is the same as a table.

locals {
  accounts = merge(
    { for name in keys(local.targets) : name => "function ${name}" },
    {
      workflow     = "the workflow"
      pubsub-push  = "Pub/Sub when it calls functions"
      source-build = "Cloud Build when it builds functions"
    },
  )

  # What a right can be on, by the list's own word: each thing with the beginning of its grants' keys.
  things = {
    project          = { "" = { project = var.project_id } }
    bucket           = { "" = { project = var.project_id } }
    ledger           = { "" = { project = var.project_id } }
    targets          = { for project in local.target_projects : "${project}/" => { project = project } }
    repositories     = { for name, repository in local.repositories : "${name}/" => repository }
    runtime-accounts = { for email in var.runtime_service_accounts : "${email}/" => { account = "projects/-/serviceAccounts/${email}" } }
    build-accounts   = { for project, account in google_service_account.image_build : "${project}/" => { account = account.name } }
    judged-secrets   = { for name in var.judged_secrets : "${name}/" => { project = split("/", name)[1], secret = split("/", name)[3] } }
  }

  # place → key → who gets which role on what. Keys: [THING/]FUNCTION/CAPABILITY.
  grants = {
    for place, things in local.things : place => merge(flatten([
      for name, target in local.targets : [
        for capability in keys(target.may) : {
          for prefix, thing in things : "${prefix}${name}/${capability}" => merge(thing, {
            member = google_service_account.main[name].member
            under  = lookup(local.manifest.capabilities[capability], "under", null)
            role = (
              contains(keys(local.manifest.capabilities[capability]), "role")
              ? local.manifest.capabilities[capability].role
              : google_project_iam_custom_role.main["${thing.project}/${capability}"].id
            )
          })
        } if local.manifest.capabilities[capability].on == place && local.conditions[lookup(local.manifest.capabilities[capability], "when", "always")]
      ]
    ])...)
  }
}

resource "google_service_account" "main" {
  for_each = local.accounts

  project      = var.project_id
  account_id   = "${var.name_prefix}-${each.key}"
  display_name = "Slipway: ${each.value}"

  depends_on = [google_project_service.main]
}

# Where no predefined role is as narrow as what is needed. A custom role is only good in the project that has it, and its name
# is blocked for weeks once it was deleted: so it is there whether it is granted or not.
resource "google_project_iam_custom_role" "main" {
  for_each = merge([
    for name, capability in local.manifest.capabilities : {
      for thing in local.things[capability.on] : "${thing.project}/${name}" => { project = thing.project, name = name, permissions = capability.permissions }
    } if !contains(keys(capability), "role")
  ]...)

  project     = each.value.project
  role_id     = replace("${var.name_prefix}_${each.value.name}", "-", "_")
  title       = "Slipway: ${each.value.name}"
  permissions = each.value.permissions

  depends_on = [google_project_service.main]
}

# What functions may do

resource "google_project_iam_member" "own" {
  for_each = local.grants.project

  project = each.value.project
  role    = each.value.role
  member  = each.value.member
}

resource "google_project_iam_member" "target" {
  for_each = local.grants.targets

  project = each.value.project
  role    = each.value.role
  member  = each.value.member
}

# Firestore's permissions end at the database: whoever may write the ledger may write all of it.
resource "google_project_iam_member" "ledger" {
  for_each = local.grants.ledger

  project = each.value.project
  role    = each.value.role
  member  = each.value.member

  condition {
    title      = "the ledger"
    expression = "resource.name == \"${google_firestore_database.ledger.id}\" || resource.name.startsWith(\"${google_firestore_database.ledger.id}/\")"
  }
}

resource "google_storage_bucket_iam_member" "main" {
  for_each = local.grants.bucket

  bucket = google_storage_bucket.main.name
  role   = each.value.role
  member = each.value.member

  dynamic "condition" {
    for_each = each.value.under == null ? [] : [each.value.under]

    content {
      title      = "under ${condition.value}"
      expression = "resource.name.startsWith(\"projects/_/buckets/${google_storage_bucket.main.name}/objects/${condition.value}\")"
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "main" {
  for_each = local.grants.repositories

  project    = each.value.project
  location   = each.value.location
  repository = each.value.name
  role       = each.value.role
  member     = each.value.member
}

resource "google_service_account_iam_member" "act_as" {
  for_each = merge(local.grants.runtime-accounts, local.grants.build-accounts)

  service_account_id = each.value.account
  role               = each.value.role
  member             = each.value.member
}

resource "google_secret_manager_secret_iam_member" "judged" {
  for_each = local.grants.judged-secrets

  project   = each.value.project
  secret_id = each.value.secret
  role      = each.value.role
  member    = each.value.member
}

resource "google_secret_manager_secret_iam_member" "main" {
  for_each = merge([
    for name, target in local.targets : {
      for secret in keys(target.secrets) : "${name}/${secret}" => { function = name, secret = secret } if contains(keys(local.secrets), secret)
    }
  ]...)

  project   = var.project_id
  secret_id = google_secret_manager_secret.main[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.main[each.value.function].member
}

# Who may publish

resource "google_pubsub_topic_iam_member" "functions" {
  for_each = merge([
    for name, target in local.targets : { for topic in keys(target.publishes) : "${name}/${topic}" => { function = name, topic = topic } }
  ]...)

  project = var.project_id
  topic   = google_pubsub_topic.main[each.value.topic].name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.main[each.value.function].member
}

resource "google_pubsub_topic_iam_member" "workflow" {
  for_each = { for name, target in local.targets : name => target.topic if target.kind == "step" }

  project = var.project_id
  topic   = google_pubsub_topic.main[each.value].name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.main["workflow"].member
}
