/**
 * English words that carry grammar rather than subject, by class. A question's own words (who, when,
 * did) are here: they occur in the question, not in what answers it. Before, after, during, until,
 * while and since are not: they say when, which is what a memory is often asked for.
 */
const classes = [
  "a an the this that these those such same other another each every either neither both all any some no none",
  "i me my mine myself you your yours yourself yourselves he him his himself she her hers herself",
  "it its itself we us our ours ourselves they them their theirs themselves one ones",
  "am is are was were be been being do does did done doing have has had having",
  "can could may might must shall should will would ought",
  "what which who whom whose when where why how whether",
  "and or but nor so yet if then else than because as although though unless",
  "of at by for with about against between into through above below to from up down",
  "in out on off over under again further onto upon within without toward towards via per",
  "not only own too very just also even ever there here now once more most few much many",
  "i'm i've i'll i'd you're you've you'll you'd he's he'll he'd she's she'll she'd it's it'll it'd",
  "we're we've we'll we'd they're they've they'll they'd that's that'll there's here's what's who's",
  "let's how's where's when's why's isn't aren't wasn't weren't hasn't haven't hadn't doesn't don't",
  "didn't won't wouldn't shan't shouldn't can't cannot couldn't mustn't mightn't ain't",
];

export const stopWords: ReadonlySet<string> = new Set(classes.flatMap((words) => words.split(" ")));
