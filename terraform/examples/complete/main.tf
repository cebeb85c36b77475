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
  source = "../.."

  project_id               = var.project_id
  region                   = var.region
  functions_zip            = var.functions_zip
  service_files_dir        = "${path.module}/services"
  target_projects          = var.target_projects
  runtime_service_accounts = var.runtime_service_accounts
  create_repository        = "apps"
  enable_public_services   = var.enable_public_services
  api_invokers             = var.api_invokers
  report_readers           = var.api_invokers
  alert_emails             = var.alert_emails
  slack                    = var.slack
}
