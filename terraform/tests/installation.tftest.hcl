# `terraform test`: plans of the module with a provider that needs no project. Any file stands for the archive of functions.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "424242424242" }
  }
}

variables {
  project_id    = "my-deployer"
  region        = "europe-west1"
  functions_zip = "versions.tf"
}

run "without_slack" {
  command = plan

  assert {
    condition     = !contains(keys(google_cloudfunctions2_function.main), "chatops") && !contains(keys(google_cloudfunctions2_function.main), "commands")
    error_message = "Without Slack nothing answers it: a function whose secret has no version does not start."
  }

  assert {
    condition     = length(google_secret_manager_secret.main) == 4
    error_message = "The secrets are there before the functions that want them, so that they can be filled."
  }

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.everybody) == 0
    error_message = "Nothing is public."
  }

  assert {
    condition     = alltrue([for name, function in google_cloudfunctions2_function.main : length(function.service_config[0].secret_environment_variables) == 0])
    error_message = "No function wants a secret."
  }

  assert {
    condition     = output.chatops_url == "https://europe-west1-my-deployer.cloudfunctions.net/slipway-chatops"
    error_message = "The address for the Slack app is known before the function is there."
  }
}

run "with_slack_and_a_pager" {
  command = plan

  variables {
    slack           = { team_ids = ["T012AB3CD", "T0SECOND"], app_id = "A012AB3CD" }
    pager           = { url = true }
    secret_versions = { slack-bot-token = "3" }
  }

  assert {
    condition     = keys(google_cloud_run_v2_service_iam_member.everybody) == ["chatops"]
    error_message = "Only the Slack entry point is public."
  }

  assert {
    condition     = [for variable in google_cloudfunctions2_function.main["chatops"].service_config[0].secret_environment_variables : variable.key] == ["SLACK_SIGNING_SECRET"]
    error_message = "The Slack entry point has the signing secret and no other."
  }

  assert {
    condition     = { for variable in google_cloudfunctions2_function.main["notify"].service_config[0].secret_environment_variables : variable.key => variable.version } == { SLACK_BOT_TOKEN = "3", SLIPWAY_PAGER_URL = "latest" }
    error_message = "notify has the token at the version that was asked for, and the pager without its key."
  }

  assert {
    condition     = google_cloudfunctions2_function.main["chatops"].service_config[0].environment_variables["SLACK_TEAM_IDS"] == "T012AB3CD,T0SECOND"
    error_message = "The workspaces are told to the function."
  }

  assert {
    condition     = google_cloudfunctions2_function.main["chatops"].service_config[0].min_instance_count == 1
    error_message = "Slack waits three seconds: an instance is always there."
  }
}

run "behind_something_else" {
  command = plan

  variables {
    slack                        = { team_ids = ["T012AB3CD"] }
    enable_chatops_for_everybody = false
  }

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.everybody) == 0
    error_message = "An organisation that forbids allUsers can be served."
  }
}

run "several_projects" {
  command = plan

  variables {
    target_projects          = ["staging-services", "production-services"]
    runtime_service_accounts = ["web@production-services.iam.gserviceaccount.com"]
    repositories             = [{ project = "images", location = "europe", name = "apps" }]
    enable_public_services   = true
  }

  assert {
    condition     = alltrue([for member in google_project_iam_member.target : contains(["staging-services", "production-services"], member.project)])
    error_message = "Services are changed in the target projects, not where Slipway is."
  }

  assert {
    condition     = contains(keys(google_project_iam_member.target), "production-services/shift-traffic/open-services")
    error_message = "Public services may be opened, because it was asked for."
  }

  assert {
    condition     = toset([for member in google_artifact_registry_repository_iam_member.run_agents : "${member.repository} in ${member.project}"]) == toset(["apps in images"]) && length(google_artifact_registry_repository_iam_member.run_agents) == 2
    error_message = "Cloud Run of both projects may pull from the third."
  }

  assert {
    condition     = google_pubsub_subscription.main["image-push-images"].topic == "projects/images/topics/gcr" && length(google_pubsub_topic.gcr) == 0
    error_message = "Pushes are heard where the registry is."
  }

  assert {
    condition     = length([for key, member in google_service_account_iam_member.runtime : key if member.service_account_id != "projects/-/serviceAccounts/web@production-services.iam.gserviceaccount.com"]) == 0
    error_message = "Slipway acts as the accounts that were named and no others."
  }
}

run "closed_by_default" {
  command = plan

  assert {
    condition     = length([for key, member in google_project_iam_member.target : key if endswith(key, "open-services")]) == 0
    error_message = "Without being asked Slipway opens no service to everybody."
  }

  assert {
    condition     = google_firestore_database.ledger.delete_protection_state == "DELETE_PROTECTION_ENABLED" && google_firestore_database.ledger.deletion_policy == "ABANDON"
    error_message = "The ledger outlives a destroy."
  }

  assert {
    condition     = google_storage_bucket.main.force_destroy == false && google_storage_bucket.main.versioning[0].enabled
    error_message = "Service files and reports outlive a destroy, in all their versions."
  }
}

run "api_for_everybody" {
  command = plan

  variables {
    api_invokers = ["allUsers"]
  }

  expect_failures = [var.api_invokers]
}
