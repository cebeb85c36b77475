/**
 * Slack's three control characters (https://docs.slack.dev/messaging/formatting-message-text) and nothing else: a commit
 * title `<!channel>` would call everybody. Done exactly once, where foreign text enters a message.
 */
export const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
