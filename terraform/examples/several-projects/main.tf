# One Slipway that deploys to other projects, in two regions, with images from a third: a root to copy, with its values in place.
# Whoever applies it needs the right to set IAM policies in every project named here, to make custom roles and accounts in the
# target projects, and `pubsub.topics.attachSubscription` on the topic gcr of the registry's project.

terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.0, < 9.0"
    }
  }
}

variable "functions_zip" {
  description = "Path of the functions' archive, which `npm run build` makes."
  type        = string
  default     = "../../../dist/functions.zip"
}

# Every resource names its project: the provider's own is never used.
provider "google" {
  project = "my-deployer"
  region  = "europe-west1"
}

module "slipway" {
  source = "../.."

  # Slipway itself: functions, workflow, topics, ledger, bucket.
  project_id        = "my-deployer"
  region            = "europe-west1"
  functions_zip     = var.functions_zip
  service_files_dir = "${path.module}/services"

  # Where services run. Their regions are in the service files.
  target_projects = ["my-staging", "my-production"]
  runtime_service_accounts = [
    "web@my-staging.iam.gserviceaccount.com",
    "web@my-production.iam.gserviceaccount.com",
  ]

  # Where images come from, and where their sources are.
  repositories   = [{ project = "my-images", location = "europe", name = "apps" }]
  source_buckets = ["my-sources"]
}
