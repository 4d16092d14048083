// The closed classes (articles, pronouns, prepositions, auxiliaries, question words) of the languages that people send most.
const WORDS = `
a about above after again all also am an and any are as at be because been before being below between both but by can cannot could did do
does doing down during each few for from further had has have having he her here hers him his how i if in into is it its itself just let me
more most my no nor not now of off on once only or other our out over own please same shall she should so some such than that the their them
then there these they this those through to too under until up us very was we were what when where which while who whom why will with would
you your
der die das den dem des ein eine einen einem einer eines und oder aber ist sind war waren wird werden wurde hat haben ich du er sie es wir ihr
mein meine meinen dein sein ihre nicht kein keine mit von zu zum zur bei nach aus auf an im in für über unter vor durch um als wie was wer wo
wann warum welche welcher kann können muss soll bitte auch noch nur so dass wenn mich mir
le la les un une des du de d l et ou mais est sont était être a ai as ont avoir je tu il elle nous vous ils elles mon ma mes ton son sa ses
notre votre leur ne pas plus avec pour par sur sous dans en au aux ce cet cette ces que qui quoi quel quelle où quand comment pourquoi peut
puis y se si comme
el los las una unos unas y o pero es son era ser está están he ha han yo tú él ella nosotros mi mis tu su sus no con por para sobre en al del
qué que quién cuál cómo cuándo dónde puedo puede se me te lo como más
il lo gli uno e ma sono è essere ho hai abbiamo io noi voi loro mio mia nel nella con per su di da del della che chi come quando dove perché
posso può si non più
os as um uma uns e ou mas são estar eu ele ela nós meu minha seu sua no na nos nas em do da dos das com por para sobre que quem qual como
quando onde posso pode não mais
de het een en of maar is zijn was ik jij hij zij wij mijn jouw niet geen met van naar bij uit op in voor over door als hoe wat wie waar
wanneer waarom kan moet
`;

const FUNCTION_WORDS = new Set(WORDS.trim().split(/\s+/u));

const REQUEST_WORDS = new Set(
  `summarise summarize explain write describe list give tell translate review extract answer make word words token tokens sentence sentences
  paragraph paragraphs character characters schreibe erkläre fasse beschreibe wort wörter wörtern sätze sätzen résume résumer explique écris
  décris mots phrases resume resumir explica escribe describe palabras frases riassumi spiega scrivi parole frasi 説明 要約 总结 解释`
    .trim()
    .split(/\s+/u),
);

/** Whether a lower-case word says what to do with a text rather than what it is about. */
export function isRequestWord(word: string): boolean {
  return REQUEST_WORDS.has(word);
}

/** Whether a lower-case word is one of those that every text has, whatever it is about. */
export function isFunctionWord(word: string): boolean {
  return FUNCTION_WORDS.has(word);
}
