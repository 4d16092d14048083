// Adds Azure's fields to the SDK's types; the package holds types and nothing else.
import type {} from '@azure/openai/types';
import type { ChatCompletion } from 'openai/resources/index';
import { jsonField, jsonList } from '../../retry/json-field.ts';

type ChoiceResults = NonNullable<ChatCompletion.Choice['content_filter_results']>;
type PromptResults = NonNullable<ChatCompletion['prompt_filter_results']>[number]['content_filter_results'];

/** Every category that Azure's types know: one more in a later version fails the build here. */
const categories: Readonly<Record<Exclude<keyof ChoiceResults | keyof PromptResults, 'error'>, true>> = {
  sexual: true,
  violence: true,
  hate: true,
  self_harm: true,
  profanity: true,
  jailbreak: true,
  protected_material_text: true,
  protected_material_code: true,
};

/**
 * Names the categories for which Azure's content filter cut an answer or refused a prompt; empty when it did neither.
 * Reads chat answers (`choices`, `prompt_filter_results`) and refusals (`error.innererror.content_filter_result`).
 */
export function readFilteredCategories(body: unknown): readonly string[] {
  const refusal = jsonField(jsonField(jsonField(body, 'error'), 'innererror'), 'content_filter_result');
  const choices = jsonList(body, 'choices') ?? [];
  const prompts = jsonList(body, 'prompt_filter_results') ?? [];
  const results = [refusal, ...[...choices, ...prompts].map((entry) => jsonField(entry, 'content_filter_results'))];
  return Object.keys(categories).filter((category) =>
    results.some((result) => jsonField(jsonField(result, category), 'filtered') === true),
  );
}
