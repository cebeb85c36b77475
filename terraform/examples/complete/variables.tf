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

variable "enable_public_services" {
  description = "Whether Slipway may open a service to everybody."
  type        = bool
  default     = false
}

variable "api_invokers" {
  description = "Who may use the command line and read reports, as IAM members."
  type        = list(string)
  default     = []
}

variable "alert_emails" {
  description = "E-mail addresses that alerts go to."
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
