# A root to copy: one Slipway in a project of its own, which deploys to another.

terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.0, < 9.0"
    }
  }

  # State holds no secret's value, but names and addresses of everything: keep it where few can read it.
  # backend "gcs" {
  #   bucket = "my-terraform-state"
  #   prefix = "slipway"
  # }
}

provider "google" {
  project = var.project_id
  region  = var.region
}

module "slipway" {
  # A copy that is not beside this folder says where the module is: docs/install.md.
  source = "../.."

  project_id        = var.project_id
  region            = var.region
  functions_zip     = var.functions_zip
  service_files_dir = "${path.module}/services"

  # What Slipway deploys.
  target_projects          = var.target_projects
  runtime_service_accounts = var.runtime_service_accounts
  create_repository        = var.create_repository
  repositories             = var.repositories
  source_buckets           = var.source_buckets
  enable_public_services   = var.enable_public_services
  probe_vpc_connector      = var.probe_vpc_connector
  create_gcr_topic         = var.create_gcr_topic

  # Who uses it.
  api_invokers                 = var.api_invokers
  report_readers               = var.api_invokers
  slack                        = var.slack
  enable_chatops_for_everybody = var.enable_chatops_for_everybody
  pager                        = var.pager
  secret_versions              = var.secret_versions
  alert_emails                 = var.alert_emails

  # The ledger.
  ledger_database   = var.ledger_database
  ledger_location   = var.ledger_location
  enable_protection = var.enable_protection
}
