# What was called otherwise before: README.md, section Life cycle.

moved {
  from = google_service_account.function
  to   = google_service_account.main
}

moved {
  from = google_service_account.workflow
  to   = google_service_account.main["workflow"]
}

moved {
  from = google_service_account.push
  to   = google_service_account.main["pubsub-push"]
}

moved {
  from = google_service_account.build
  to   = google_service_account.main["source-build"]
}

moved {
  from = google_service_account_iam_member.runtime
  to   = google_service_account_iam_member.act_as
}

moved {
  from = google_project_iam_member.workflow
  to   = google_project_iam_member.logs["workflow"]
}

moved {
  from = google_project_iam_member.build
  to   = google_project_iam_member.logs["source-build"]
}

moved {
  from = google_storage_bucket_iam_member.build
  to   = google_storage_bucket_iam_member.sources["source-build"]
}

moved {
  from = google_artifact_registry_repository_iam_member.build
  to   = google_artifact_registry_repository_iam_member.writers["source-build"]
}
