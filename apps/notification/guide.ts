import type { ApiGuide } from '#libs/runtime/http/openapi'

export const NOTIFICATION_GUIDE: ApiGuide = {
  description: `Delivers notices to people and machines outside by e-mail and by signed webhooks, tries again where that fails, and
shows what became of each. It decides nothing: which notices there are follows from what enforcement does. A notice may
arrive more than once, under the same id and with the same content; receivers drop repeats by the id.`,
  tags: {
    Notices: 'Each notice on its way: to whom, over which channel, how it ended.',
    Webhooks: 'Where platforms get their notices by signed HTTP requests (Standard Webhooks).',
  },
}
