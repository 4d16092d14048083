/** Sentence patterns of one language; `{a}` stands for a word the answer is about. */
export type Phrases = {
  space: string;
  openings: [string, ...string[]];
  sentences: [string, ...string[]];
  connectors: [string, ...string[]];
  things: [string, ...string[]];
};

const ENGLISH: Phrases = {
  space: ' ',
  openings: [
    'In short, {a} comes down to how {b} is handled.',
    'The main point about {a} is its effect on {b}.',
    'Here is what matters for {a}.',
    'Looking at {a} first makes {b} easier to judge.',
    'The request concerns {a}, and the details point to {b}.',
  ],
  sentences: [
    'The first thing to check is whether {a} still matches {b}.',
    'Most of the difficulty sits where {a} meets {b}.',
    'A small change to {a} would show quickly if {b} is the cause.',
    'It helps to write down what {a} looked like before {b} changed.',
    'When {a} is clear, {b} follows with little effort.',
    'If {a} cannot be confirmed, treat {b} as open and ask again.',
    'Nothing here suggests that {a} depends on {b} alone.',
    'The evidence for {a} is stronger than that for {b}.',
    'Keep {a} as it is, and review {b} after a week.',
    'One open question remains: who owns {a} once {b} is settled?',
    'The safest order is {a}, then {b}, then {c}.',
    'Compared with {b}, {a} costs less time and carries less risk.',
    'Each mention of {a} refers to the same case, so {b} should be counted once.',
    'That leaves {a} as the next step, with {b} to confirm it.',
  ],
  connectors: ['In practice,', 'As a result,', 'For that reason,', 'At the same time,', 'On balance,', 'Beyond that,'],
  things: ['the plan', 'the record', 'the result', 'the context', 'the next step', 'the request', 'the detail'],
};

const GERMAN: Phrases = {
  space: ' ',
  openings: [
    'Kurz gesagt geht es bei {a} vor allem um {b}.',
    'Entscheidend für {a} ist der Umgang mit {b}.',
    'Zu {a} lässt sich Folgendes festhalten.',
  ],
  sentences: [
    'Zuerst sollte geprüft werden, ob {a} noch zu {b} passt.',
    'Die meisten Schwierigkeiten entstehen dort, wo {a} auf {b} trifft.',
    'Eine kleine Änderung an {a} zeigt schnell, ob {b} die Ursache ist.',
    'Wenn {a} geklärt ist, folgt {b} ohne großen Aufwand.',
    'Ohne Bestätigung von {a} bleibt {b} offen.',
    'Die sicherste Reihenfolge ist {a}, dann {b}, dann {c}.',
    'Im Vergleich zu {b} kostet {a} weniger Zeit.',
    'Damit bleibt {a} der nächste Schritt.',
  ],
  connectors: ['Außerdem:', 'Daraus folgt:', 'Zugleich gilt:', 'Anders gesagt:'],
  things: ['der Plan', 'das Ergebnis', 'der Zusammenhang', 'der nächste Schritt', 'die Anfrage'],
};

const FRENCH: Phrases = {
  space: ' ',
  openings: [
    'En résumé, {a} dépend surtout de {b}.',
    'Le point essentiel concernant {a} est son effet sur {b}.',
    'Voici ce qui compte pour {a}.',
  ],
  sentences: [
    'Il faut d’abord vérifier si {a} correspond encore à {b}.',
    'La difficulté apparaît surtout là où {a} rencontre {b}.',
    'Un petit changement de {a} montrerait vite si {b} est en cause.',
    'Une fois {a} clarifié, {b} suit sans effort.',
    'Sans confirmation de {a}, {b} reste ouvert.',
    'L’ordre le plus sûr est {a}, puis {b}, puis {c}.',
    'Il reste {a} comme prochaine étape.',
  ],
  connectors: ['En pratique,', 'Par conséquent,', 'De plus,', 'Dans l’ensemble,'],
  things: ['le plan', 'le résultat', 'le contexte', 'la demande', 'le détail'],
};

const SPANISH: Phrases = {
  space: ' ',
  openings: [
    'En resumen, {a} depende sobre todo de {b}.',
    'Lo esencial de {a} es su efecto en {b}.',
    'Esto es lo que importa sobre {a}.',
  ],
  sentences: [
    'Primero conviene comprobar si {a} sigue coincidiendo con {b}.',
    'La mayor dificultad aparece donde {a} se cruza con {b}.',
    'Un pequeño cambio en {a} mostraría pronto si {b} es la causa.',
    'Cuando {a} está claro, {b} resulta sencillo.',
    'Sin confirmar {a}, {b} queda pendiente.',
    'El orden más seguro es {a}, después {b} y luego {c}.',
    'Queda {a} como siguiente paso.',
  ],
  connectors: ['En la práctica,', 'Por eso,', 'Además,', 'En conjunto,'],
  things: ['el plan', 'el resultado', 'el contexto', 'la solicitud', 'el detalle'],
};

const JAPANESE: Phrases = {
  space: '',
  openings: ['要点は{a}と{b}の関係です。', '{a}については次のように整理できます。'],
  sentences: [
    'まず{a}が{b}と一致しているかを確認します。',
    '{a}を少し変えれば、{b}が原因かどうかはすぐに分かります。',
    '{a}が明確になれば、{b}は難しくありません。',
    '安全な順序は{a}、{b}、{c}です。',
    '次の作業は{a}です。',
  ],
  connectors: ['また、', 'そのため、', '一方で、'],
  things: ['計画', '結果', '状況', '依頼'],
};

const CHINESE: Phrases = {
  space: '',
  openings: ['简而言之,关键在于{a}如何影响{b}。', '关于{a},可以归纳如下。'],
  sentences: [
    '首先需要确认{a}是否仍与{b}一致。',
    '只要稍微调整{a},就能看出{b}是不是原因。',
    '{a}明确之后,{b}就不难处理。',
    '较稳妥的顺序是{a}、{b},然后是{c}。',
    '下一步是{a}。',
  ],
  connectors: ['此外,', '因此,', '同时,'],
  things: ['计划', '结果', '背景', '请求'],
};

const MARKS: readonly (readonly [RegExp, Phrases])[] = [
  [/\b(?:der|die|das|und|ist|nicht|wie|eine?n?|bitte|für|ich|wir)\b/giu, GERMAN],
  [/\b(?:le|la|les|est|une?|des|pour|dans|comment|je|nous|vous|avec)\b/giu, FRENCH],
  [/\b(?:el|los|las|una?|que|para|cómo|es|por|con|está|del)\b/giu, SPANISH],
  [/\b(?:the|is|an?|of|to|and|how|what|please|for|with|this)\b/giu, ENGLISH],
];
const LOOKED_AT = 2000;

/** The phrases of the language a text seems to be in, by script and function words; English when nothing tells. */
export function choosePhrases(text: string): Phrases {
  const looked = text.slice(0, LOOKED_AT);
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(looked)) return JAPANESE;
  if (/\p{Script=Han}/u.test(looked)) return CHINESE;
  let best: { phrases: Phrases; hits: number } = { phrases: ENGLISH, hits: 0 };
  for (const [mark, phrases] of MARKS) {
    const hits = looked.match(mark)?.length ?? 0;
    if (hits > 0 && hits >= best.hits) best = { phrases, hits };
  }
  return best.phrases;
}
