import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { embedText } from '../../../../tools/simulator/embedding.ts';

function similarity(one: string, other: string, dimensions = 1536): number {
  const left = embedText(one, dimensions);
  const right = embedText(other, dimensions);
  return left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);
}

const TRIPLES: [string, string, string, string][] = [
  [
    'English',
    'How do I reset my password?',
    'I forgot my password, how can it be reset?',
    'What is the capital of Portugal?',
  ],
  [
    'English, other words around it',
    'When will the invoice for March be paid?',
    'Please tell me the payment date of the March invoice.',
    'When will the new office in Lyon open?',
  ],
  [
    'English, same frame',
    'What is the refund policy for damaged goods?',
    'Which policy applies to refunds of damaged goods?',
    'What is the dress code for summer parties?',
  ],
  [
    'German',
    'Wie kann ich meine Rechnung herunterladen?',
    'Wo finde ich den Download meiner Rechnungen zum Herunterladen?',
    'Wie kann ich meinen Urlaub beantragen?',
  ],
  [
    'French',
    'Comment annuler mon abonnement mensuel ?',
    'Je voudrais annuler l’abonnement mensuel.',
    'Comment préparer une soupe de légumes ?',
  ],
  [
    'Spanish',
    '¿Cómo cambio la dirección de entrega de mi pedido?',
    'Quiero cambiar la dirección donde se entrega el pedido',
    '¿Cómo se llama el presidente de la empresa?',
  ],
  [
    'Japanese',
    '配送先の住所を変更したいです',
    '住所の配送先変更はどうすればいいですか',
    '会議室の予約を取り消したいです',
  ],
  ['Chinese', '如何修改我的收货地址?', '我想修改收货地址怎么办', '如何预订明天的会议室?'],
  [
    'Polish',
    'Jak zmienić adres dostawy zamówienia?',
    'Chcę zmienić adres, na który dostawa zamówienia ma dotrzeć',
    'Jak zaparkować samochód w centrum miasta?',
  ],
];

describe('embeddings', () => {
  it.each(TRIPLES)('place a paraphrase nearer than an unrelated question: %s', (_, question, paraphrase, unrelated) => {
    const near = similarity(question, paraphrase);
    expect(near).toBeGreaterThan(0.35);
    expect(near).toBeGreaterThan(similarity(question, unrelated) + 0.2);
  });

  it('keep that order when they are shortened', () => {
    const [, question, paraphrase, unrelated] = TRIPLES[0]!;
    expect(similarity(question, paraphrase, 256)).toBeGreaterThan(similarity(question, unrelated, 256) + 0.2);
  });

  it('keep unrelated questions far apart, in every pair', () => {
    const questions = TRIPLES.map(([, question]) => question);
    for (const one of questions) {
      for (const other of questions) {
        if (one !== other && one !== questions[1] && other !== questions[1]) {
          expect(similarity(one, other)).toBeLessThan(0.45);
        }
      }
    }
  });

  it('ignore case and accents and hardly mind word order', () => {
    expect(similarity('Résumé of the Budget meeting', 'budget MEETING, the resume')).toBeGreaterThan(0.9);
  });

  it('have length 1 for any text, and equal texts have equal vectors', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), fc.constantFrom(64, 1536), (text, dimensions) => {
        const vector = embedText(text, dimensions);
        expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
        expect(embedText(text, dimensions)).toEqual(vector);
      }),
      { numRuns: 60 },
    );
  });
});
