# What is called, and what Terraform makes things of. An API is asked for in the project of the account that calls, for most
# also when it looks into another project (https://cloud.google.com/docs/quotas/quota-project, "client-based"): so
# those of Cloud SQL and connectors are on here, where no database and no connector has to be. Compute Engine is asked for in the
# project that has the network, and would bring a network and a default account with it.
locals {
  own_apis = toset([
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "policytroubleshooter.googleapis.com",
    "pubsub.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "serviceusage.googleapis.com",
    "sqladmin.googleapis.com",
    "storage.googleapis.com",
    "vpcaccess.googleapis.com",
    "workflowexecutions.googleapis.com",
    "workflows.googleapis.com",
  ])
}

# Left on when Slipway goes: others may use them.
resource "google_project_service" "main" {
  for_each = local.own_apis

  project            = var.project_id
  service            = each.key
  disable_on_destroy = false
}
