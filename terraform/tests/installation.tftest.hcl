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
    condition     = [for name, function in google_cloudfunctions2_function.main : name if contains([for variable in function.service_config[0].secret_environment_variables : variable.key], "SLACK_BOT_TOKEN")] == ["api", "commands", "notify"]
    error_message = "The token is only where it is used."
  }

  assert {
    condition     = [for name, function in google_cloudfunctions2_function.main : name if contains([for variable in function.service_config[0].secret_environment_variables : variable.key], "SLIPWAY_PAGER_URL")] == ["notify"]
    error_message = "The pager's address is only where it is called."
  }

  assert {
    condition     = alltrue([for name in ["report", "reconcile"] : google_cloudfunctions2_function.main[name].service_config[0].environment_variables["SLIPWAY_HAS_SLACK"] == "true"])
    error_message = "Who has to know that there is a Slack is told so."
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
    condition     = toset([for member in google_service_account_iam_member.act_as : member.service_account_id]) == toset(["projects/-/serviceAccounts/web@production-services.iam.gserviceaccount.com"])
    error_message = "Slipway acts as the accounts that were named and no others."
  }

  assert {
    condition     = alltrue([for member in google_project_iam_member.own : member.project == "my-deployer"]) && toset([for role in google_project_iam_custom_role.main : role.project]) == toset(["my-deployer", "staging-services", "production-services"])
    error_message = "Callbacks and executions are rights where Slipway is; a custom role is in each project that grants it."
  }

  assert {
    condition     = toset([for function in google_cloudfunctions2_function.main : function.project]) == toset(["my-deployer"])
    error_message = "Slipway's own things stay in its project."
  }
}

run "registries_that_announce_elsewhere" {
  command = plan

  variables {
    repositories      = [{ project = "mirror", location = "europe", name = "apps" }]
    registry_projects = ["images", "my-deployer"]
  }

  assert {
    condition     = google_pubsub_subscription.main["image-push-images"].topic == "projects/images/topics/gcr" && google_pubsub_subscription.main["image-push"].topic == "projects/my-deployer/topics/gcr"
    error_message = "Pushes are heard in each project that was named."
  }

  assert {
    condition     = alltrue([for subscription in google_pubsub_subscription.main : subscription.project == "my-deployer"])
    error_message = "Subscriptions are Slipway's own, also those to others' topics."
  }
}

run "topics_that_are_there" {
  command = plan

  variables {
    create_gcr_topic = false
  }

  assert {
    condition     = length(google_pubsub_topic.gcr) == 0 && google_pubsub_subscription.main["image-push"].topic == "projects/my-deployer/topics/gcr"
    error_message = "A topic that is there is not made again, and not looked up: a look-up of a missing one would fail."
  }

  assert {
    condition     = length(google_pubsub_topic.cloud_builds) == 0
    error_message = "Nothing listens to cloud-builds."
  }
}

run "nothing_is_built" {
  command = plan

  assert {
    condition     = length(google_service_account.image_build) == 0 && !contains(keys(google_project_iam_member.target), "my-deployer/build/build-images")
    error_message = "Without sources there is no account for builds, and no right to run any."
  }

  assert {
    condition     = !contains(keys(google_cloudfunctions2_function.main["build"].service_config[0].environment_variables), "SLIPWAY_BUILD_ACCOUNT")
    error_message = "The step knows that nothing is built."
  }
}

run "images_from_source" {
  command = plan

  variables {
    target_projects = ["staging-services", "production-services"]
    repositories    = [{ project = "images", location = "europe", name = "apps" }]
    source_buckets  = ["sources"]
  }

  assert {
    condition     = { for project, account in google_service_account.image_build : project => account.project } == { staging-services = "staging-services", production-services = "production-services" }
    error_message = "Cloud Build wants an account of the project that it builds in."
  }

  assert {
    condition     = keys(google_service_account_iam_member.act_as) == ["production-services/build/act-as-builder", "staging-services/build/act-as-builder"]
    error_message = "Only the step build has builds run as these accounts."
  }

  assert {
    condition     = toset([for key, member in google_storage_bucket_iam_member.sources : member.bucket if key != "source-build"]) == toset(["sources"]) && toset([for key, member in google_artifact_registry_repository_iam_member.writers : "${member.project}/${member.repository}" if key != "source-build"]) == toset(["images/apps"])
    error_message = "They read the sources and write the images that were named."
  }

  assert {
    condition     = google_cloudfunctions2_function.main["build"].service_config[0].environment_variables["SLIPWAY_BUILD_ACCOUNT"] == "slipway-image-build@{project}.iam.gserviceaccount.com"
    error_message = "The step knows the account."
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

  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.main : secret.deletion_protection])
    error_message = "Secrets outlive a destroy: their values are nowhere else."
  }
}

run "api_for_everybody" {
  command = plan

  variables {
    api_invokers = ["allUsers"]
  }

  expect_failures = [var.api_invokers]
}
