locals {
  # What functions say with `metric` in their log entries. `alert` is the text of the alarm; without it there is only a chart.
  # `section` of docs/operations.md says what to do.
  log_metrics = {
    rollback_failed = {
      title   = "rollbacks that failed"
      alert   = "A rollback failed, and bad traffic may still be served. The report in Slack has the command to paste"
      section = "Rollback failed"
    }
    deployment_stuck = {
      title   = "deployments that do not move"
      alert   = "A deployment has not moved for too long. `slipway take-over` has it undone"
      section = "Stuck deployment"
    }
    slack_notify_failures = {
      title   = "messages that Slack refuses"
      alert   = "Slack does not take messages. Deployments go on without; `slipway doctor slack` says what is wrong"
      section = "Slack"
    }
    pager_failures = {
      title   = "calls that the pager refuses"
      alert   = "A rollback failed and the pager could not be called"
      section = "Rollback failed"
    }
    lost_push      = { title = "pushed images that nobody announced", alert = null, section = "Lost push" }
    drift          = { title = "places that changed behind Slipway's back", alert = null, section = "Drift" }
    reconcile_left = { title = "work that reconcile had no time for", alert = null, section = "Left over by reconcile" }
  }

  channels = concat([for channel in google_monitoring_notification_channel.email : channel.name], var.notification_channels)
}

resource "google_logging_metric" "main" {
  for_each = local.log_metrics

  project     = var.project_id
  name        = "${var.name_prefix}/${each.key}"
  description = "Slipway: ${each.value.title}; docs/operations.md, section ${each.value.section}."
  filter      = "resource.type=\"cloud_run_revision\" AND jsonPayload.metric=\"${each.key}\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }

  depends_on = [google_project_service.main]
}

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alert_emails)

  project      = var.project_id
  display_name = "Slipway: ${each.key}"
  type         = "email"

  labels = {
    email_address = each.key
  }

  depends_on = [google_project_service.main]
}

# On the log entry itself: an alert on a metric that was made in the same apply is refused for minutes.
resource "google_monitoring_alert_policy" "log" {
  for_each = { for name, metric in local.log_metrics : name => metric if metric.alert != null }

  project               = var.project_id
  display_name          = "Slipway: ${each.value.title}"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.title

    condition_matched_log {
      filter = google_logging_metric.main[each.key].filter
    }
  }

  alert_strategy {
    auto_close = "86400s"

    notification_rate_limit {
      period = "300s"
    }
  }

  documentation {
    content   = "${each.value.alert}; docs/operations.md, section ${each.value.section}."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "dead_letters" {
  project               = var.project_id
  display_name          = "Slipway: dead letters"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "messages that no function took"

    condition_threshold {
      filter          = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${google_pubsub_subscription.dead_letters.name}\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "60s"

      aggregations {
        alignment_period   = "60s"
        per_series_aligner = "ALIGN_MAX"
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    content   = "A message was given up after ${local.manifest.deadLetter.maxDeliveryAttempts} deliveries; docs/operations.md, section Dead letters."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "workflow" {
  project               = var.project_id
  display_name          = "Slipway: workflow failures"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "executions that failed"

    condition_threshold {
      filter          = "resource.type=\"workflows.googleapis.com/Workflow\" AND resource.labels.workflow_id=\"${google_workflows_workflow.main.name}\" AND metric.type=\"workflows.googleapis.com/finished_execution_count\" AND metric.labels.status=\"FAILED\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    content   = "An execution of the workflow ended by an error. reconcile takes its deployment over within minutes; docs/operations.md, section Workflow failures."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_dashboard" "main" {
  project = var.project_id
  dashboard_json = jsonencode({
    displayName = "Slipway"
    gridLayout = {
      columns = "2"
      widgets = [
        for chart in concat(
          [
            {
              title  = "Executions of the workflow, by status"
              filter = "metric.type=\"workflows.googleapis.com/finished_execution_count\" AND resource.type=\"workflows.googleapis.com/Workflow\" AND resource.labels.workflow_id=\"${google_workflows_workflow.main.name}\""
              group  = ["metric.label.status"]
            },
            {
              title  = "Requests of functions, by function and answer"
              filter = "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\" AND resource.labels.service_name=starts_with(\"${var.name_prefix}-\")"
              group  = ["resource.label.service_name", "metric.label.response_code_class"]
            },
            {
              title  = "Messages that wait, by subscription"
              filter = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=starts_with(\"${var.name_prefix}-\")"
              group  = ["resource.label.subscription_id"]
            },
          ],
          [
            for name, metric in local.log_metrics : {
              title  = title(metric.title)
              filter = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.main[name].name}\" AND resource.type=\"cloud_run_revision\""
              group  = []
            }
          ],
          ) : {
          title = chart.title
          xyChart = {
            dataSets = [{
              plotType = "STACKED_BAR"
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter = chart.filter
                  aggregation = {
                    alignmentPeriod    = "300s"
                    perSeriesAligner   = strcontains(chart.filter, "num_undelivered_messages") ? "ALIGN_MAX" : "ALIGN_DELTA"
                    crossSeriesReducer = "REDUCE_SUM"
                    groupByFields      = chart.group
                  }
                }
              }
            }]
          }
        }
      ]
    }
  })

  depends_on = [google_project_service.main]
}
