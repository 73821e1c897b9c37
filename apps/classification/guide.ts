import type { ApiGuide } from '#libs/runtime/http/openapi'

export const CLASSIFICATION_GUIDE: ApiGuide = {
  description: `Tells what a message would be judged by the policy in force. The judging that has effects happens on the stream of
messages; what is asked here is answered and forgotten, and leads to no case, strike or measure.`,
  tags: {
    Classification: 'What messages would be judged.',
    Models: 'The models whose scores verdicts rest on.',
  },
}
