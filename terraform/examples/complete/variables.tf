# Those that docs/install.md and docs/operations.md speak of. The module has more: terraform/README.md.

variable "project_id" {
  description = "Project that Slipway is installed in."
  type        = string
}

variable "region" {
  description = "Region of everything that has one."
  type        = string
  default     = "us-central1"
}

variable "functions_zip" {
  description = "Path of the functions' archive, which `npm run build` makes."
  type        = string
  default     = "../../../dist/functions.zip"
}

# What Slipway deploys.

variable "target_projects" {
  description = "Projects whose Cloud Run services Slipway deploys; empty means the project it is installed in."
  type        = list(string)
  default     = []
}

variable "runtime_service_accounts" {
  description = "Accounts that the deployed services run as."
  type        = list(string)
  default     = []
}

variable "create_repository" {
  description = "Name of a repository to make for the images; null when there is one already, listed in repositories."
  type        = string
  default     = "apps"
}

variable "repositories" {
  description = "Artifact Registry repositories that images come from, besides the one that is made."
  type = list(object({
    project  = string
    location = string
    name     = string
  }))
  default = []
}

variable "source_buckets" {
  description = "Buckets of sources that Cloud Build makes images of; empty when images come from elsewhere."
  type        = list(string)
  default     = []
}

variable "enable_public_services" {
  description = "Whether Slipway may open a service to everybody."
  type        = bool
  default     = false
}

variable "probe_vpc_connector" {
  description = "Full name of a Serverless VPC Access connector through which internal services are called; null when there are none."
  type        = string
  default     = null
}

variable "create_gcr_topic" {
  description = "Whether to make the topic gcr. False when it exists: making it again fails."
  type        = bool
  default     = true
}

# Who uses it.

variable "api_invokers" {
  description = "Who may use the command line and read reports, as IAM members."
  type        = list(string)
  default     = []
}

variable "slack" {
  description = "The Slack app; null in the first pass, before there is one."
  type = object({
    team_ids         = list(string)
    app_id           = optional(string)
    channel          = optional(string, "#deployments")
    fallback_channel = optional(string)
  })
  default = null
}

variable "enable_chatops_for_everybody" {
  description = "Whether anybody may reach the Slack entry point. False where the organisation forbids allUsers."
  type        = bool
  default     = true
}

variable "pager" {
  description = "Which secrets of the pager have versions; it is called when a rollback failed."
  type = object({
    url = optional(bool, false)
    key = optional(bool, false)
  })
  default = {}
}

variable "secret_versions" {
  description = "Versions of secrets by their short name, such as {slack-bot-token = \"3\"}; the others are read at latest."
  type        = map(string)
  default     = {}
}

variable "alert_emails" {
  description = "E-mail addresses that alerts go to."
  type        = list(string)
  default     = []
}

# The ledger.

variable "ledger_database" {
  description = "Name of the Firestore database."
  type        = string
  default     = "slipway"
}

variable "ledger_location" {
  description = "Location of the Firestore database; null for the region. It cannot be changed later."
  type        = string
  default     = null
}

variable "enable_protection" {
  description = "Whether ledger, bucket and secrets refuse to be destroyed."
  type        = bool
  default     = true
}
