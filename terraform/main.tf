# What the other files share. The list of functions, and what each may do and why, is functions/targets.json: the same file
# that registers the functions, and that the local cloud and the tests read.

data "google_project" "main" {
  project_id = var.project_id
}

locals {
  manifest = jsondecode(file("${path.module}/../functions/targets.json"))
  indexes  = jsondecode(file("${path.module}/../shared/ledger/indexes.json"))

  # What is only there under a condition.
  conditions = {
    always          = true
    slack           = var.slack != null
    pager           = var.pager.url
    pager-key       = var.pager.url && var.pager.key
    public-services = var.enable_public_services
    builds          = length(var.source_buckets) > 0
  }

  targets = {
    for target in local.manifest.targets : target.name => merge(
      { for name, value in local.manifest.defaults : name => value if name != "runtime" },
      { secrets = {}, topic = null, access = "private" },
      target,
      {
        timeout_s      = target.kind == "step" ? local.manifest.dispatch.functionTimeoutSeconds : local.manifest.trigger.functionTimeoutSeconds
        ack_deadline_s = target.kind == "step" ? local.manifest.dispatch.ackDeadlineSeconds : local.manifest.trigger.ackDeadlineSeconds
      },
    ) if local.conditions[lookup(target, "when", "always")]
  }

  secrets = {
    for name, secret in local.manifest.secrets : name => secret
    if local.conditions[secret.when]
  }

  target_projects = length(var.target_projects) > 0 ? toset(var.target_projects) : toset([var.project_id])

  repositories = {
    for repository in concat(var.repositories, [for made in google_artifact_registry_repository.images : {
      project  = made.project
      location = made.location
      name     = made.repository_id
    }]) : "${repository.project}/${repository.location}/${repository.name}" => repository
  }

  workflow = "${var.name_prefix}-deploy"

  # Known before the function is made: the Slack app wants it first.
  chatops_url = "https://${var.region}-${var.project_id}.cloudfunctions.net/${var.name_prefix}-chatops"
}
