output "api_url" {
  description = "Address of the API, for the command line."
  value       = google_cloudfunctions2_function.main["api"].service_config[0].uri
}

output "chatops_url" {
  description = "Address that the Slack app sends commands and buttons to; known before there is an app."
  value       = local.chatops_url
}

output "bucket" {
  description = "Bucket of service files and reports."
  value       = google_storage_bucket.main.name
}

output "workflow" {
  description = "Full name of the workflow."
  value       = google_workflows_workflow.main.id
}

output "ledger" {
  description = "Full name of the Firestore database."
  value       = google_firestore_database.ledger.id
}

output "secrets" {
  description = "Secrets that wait for values, by the variable that a function reads."
  value       = { for name, secret in google_secret_manager_secret.main : name => secret.secret_id }
}

output "service_accounts" {
  description = "Account of each function, for what other projects have to grant."
  value       = { for name in keys(local.targets) : name => google_service_account.main[name].email }
}

output "repositories" {
  description = "Repositories that images come from, as HOST/PROJECT/NAME."
  value       = [for repository in local.repositories : "${repository.location}-docker.pkg.dev/${repository.project}/${repository.name}"]
}
