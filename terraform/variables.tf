# Where Slipway itself lives.

variable "project_id" {
  description = "Project that Slipway is installed in: its functions, topics, workflow, ledger and bucket."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "Expected a project id such as my-deployer: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of everything that has one."
  type        = string
}

variable "name_prefix" {
  description = "Begins the name of everything that is made, except for topics: a project takes one installation."
  type        = string
  default     = "slipway"

  validation {
    # Service account ids have 30 characters; the longest function is shift-traffic.
    condition     = can(regex("^[a-z][a-z0-9-]{0,14}[a-z0-9]$", var.name_prefix))
    error_message = "Expected 2 to 16 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "labels" {
  description = "Labels of everything that can have them."
  type        = map(string)
  default     = {}
}

variable "functions_zip" {
  description = "Path of the functions' archive, which `npm run build` makes."
  type        = string
}

variable "service_files_dir" {
  description = "Folder of service files (*.yaml) that are copied into the bucket; null when something else puts them there."
  type        = string
  default     = null
}

# What Slipway deploys.

variable "target_projects" {
  description = "Projects whose Cloud Run services Slipway deploys; empty means the project it is installed in. A project of its own for Slipway is safer: docs/security.md."
  type        = list(string)
  default     = []
}

variable "runtime_service_accounts" {
  description = "E-mail addresses of the accounts that the deployed services and jobs run as. Slipway may act as these and no others."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.runtime_service_accounts : can(regex("^[^@]+@([a-z0-9-]+\\.iam|developer)\\.gserviceaccount\\.com$", email))])
    error_message = "Expected e-mail addresses of service accounts, such as web@my-project.iam.gserviceaccount.com."
  }
}

variable "source_buckets" {
  description = "Buckets of sources (`build.source` of service files) that Cloud Build makes images of; empty when images come from elsewhere, and then nothing may be built."
  type        = list(string)
  default     = []
}

variable "repositories" {
  description = "Artifact Registry repositories that images come from."
  type = list(object({
    project  = string
    location = string
    name     = string
  }))
  default = []
}

variable "create_repository" {
  description = "Name of a repository to make for the images, in the project and region of Slipway; null when there is one already, listed in repositories."
  type        = string
  default     = null
}

variable "enable_public_services" {
  description = "Whether Slipway may open a service to everybody (`runtime.access: public`). It takes the right to change who may call services."
  type        = bool
  default     = false
}

variable "judged_secrets" {
  description = "Secrets whose values preflight may judge, as projects/PROJECT/secrets/NAME: those for which a service file declares rules."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.judged_secrets : can(regex("^projects/[^/]+/secrets/[^/]+$", name))])
    error_message = "Expected names such as projects/my-project/secrets/db-password."
  }
}

variable "builder_image" {
  description = "Builder image that takes the source and makes the image by itself; null for `docker build`."
  type        = string
  default     = null
}

variable "probe_vpc_connector" {
  description = "Full name of a Serverless VPC Access connector, in the region of Slipway, through which services are called whose ingress is not `all`; null when there are none. What its network needs: docs/install.md."
  type        = string
  default     = null

  validation {
    condition     = var.probe_vpc_connector == null || can(regex("^projects/[^/]+/locations/[^/]+/connectors/[^/]+$", var.probe_vpc_connector))
    error_message = "Expected a name such as projects/my-services/locations/us-central1/connectors/probes."
  }
}

# Pushed images.

variable "registry_projects" {
  description = "Projects whose registries announce pushed images on a topic called gcr; empty means the projects of the repositories, and the project of Slipway where none is named."
  type        = list(string)
  default     = []
}

variable "create_gcr_topic" {
  description = "Whether to make the topic gcr in the project of Slipway. False when it exists: making it again fails."
  type        = bool
  default     = true
}

variable "create_cloud_builds_topic" {
  description = "Whether to make the topic cloud-builds, on which Cloud Build tells its states. Nothing of Slipway listens to it yet: builds are asked for."
  type        = bool
  default     = false
}

# Who uses it.

variable "api_invokers" {
  description = "Who may call the API, as IAM members such as user:ana@example.com or group:devs@example.com. What each may do is in the service files."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.api_invokers : !contains(["allUsers", "allAuthenticatedUsers"], member)])
    error_message = "The API knows its callers by their identity tokens: expected users, groups or service accounts, not everybody."
  }
}

variable "report_readers" {
  description = "Who may open reports in the bucket, as IAM members."
  type        = list(string)
  default     = []
}

variable "slack" {
  description = "The Slack app; null before there is one. With it the secrets slack-bot-token and slack-signing-secret must have versions: a function does not start without."
  type = object({
    team_ids         = list(string)
    app_id           = optional(string)
    channel          = optional(string, "#deployments")
    fallback_channel = optional(string)
  })
  default = null

  validation {
    condition     = var.slack == null ? true : length(var.slack.team_ids) > 0 && alltrue([for id in var.slack.team_ids : can(regex("^T[A-Z0-9]+$", id))])
    error_message = "Expected at least one workspace id such as T012AB3CD."
  }
}

variable "enable_chatops_for_everybody" {
  description = "Whether anybody may reach the Slack entry point, which verifies Slack's signature by itself. False where the organisation forbids allUsers: docs/install.md says what to do instead."
  type        = bool
  default     = true
}

variable "pager" {
  description = "Whether a pager is called when a rollback failed. `url` and `key` say which of its secrets have versions."
  type = object({
    url = optional(bool, false)
    key = optional(bool, false)
  })
  default = {}
}

variable "secret_versions" {
  description = "Versions of secrets by their short name, such as {slack-bot-token = \"3\"}; those not named are read at latest when an instance starts."
  type        = map(string)
  default     = {}
}

# The ledger.

variable "ledger_database" {
  description = "Name of the Firestore database. Only the one called (default) has a free tier."
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

# Times.

variable "reconcile_schedule" {
  description = "When reconcile runs, in cron's notation, UTC."
  type        = string
  default     = "* * * * *"
}

variable "monitoring_lag_s" {
  description = "How long a measurement may stay invisible."
  type        = number
  default     = 180
}

variable "push_grace_s" {
  description = "How long an image's own notification has before reconcile asks for it."
  type        = number
  default     = 300
}

# Alarms.

variable "alert_emails" {
  description = "E-mail addresses that alerts go to."
  type        = list(string)
  default     = []
}

variable "notification_channels" {
  description = "Names of further notification channels that alerts go to, as projects/PROJECT/notificationChannels/ID."
  type        = list(string)
  default     = []
}
