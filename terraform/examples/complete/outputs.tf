output "api_url" {
  description = "Address of the API, for the command line."
  value       = module.slipway.api_url
}

output "chatops_url" {
  description = "Address for the Slack app's manifest."
  value       = module.slipway.chatops_url
}

output "bucket" {
  description = "Bucket of service files and reports."
  value       = module.slipway.bucket
}

output "secrets" {
  description = "Secrets that wait for values."
  value       = module.slipway.secrets
}
