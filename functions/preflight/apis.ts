import type { Question } from './question.ts';
import { enabledApis, neededApis, type Scene } from './scene.ts';

/** The APIs that the configuration needs are on. */
export function apiQuestions(scene: Scene): Question[] {
  const { project } = scene.config;
  return neededApis(scene).map((api) => ({
    suite: 'APIs',
    id: api,
    title: `${api} is on`,
    source: `Service Usage of ${project}`,
    asked: api,
    expected: 'ENABLED',
    unanswered: 'advisory',
    grant: 'roles/serviceusage.serviceUsageViewer',
    async ask() {
      const isOn = (await enabledApis(scene)).on.includes(api);
      return {
        pass: isOn,
        observed: isOn ? 'ENABLED' : `not enabled: gcloud services enable ${api} --project ${project}`,
      };
    },
  }));
}
