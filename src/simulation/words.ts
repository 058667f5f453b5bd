/** Words that the names of the demo world are composed of. Long lists of plain words by language. */
import type { Language } from './taxonomy.ts';

export interface Words {
  readonly adjectives: readonly string[];
  readonly nouns: readonly string[];
  readonly plurals: readonly string[];
  readonly phrases: readonly string[];
  readonly firstNames: readonly string[];
  readonly lastNames: readonly string[];
  readonly places: readonly string[];
  /** Templates of titles: A adjective, N noun, P plural, L place, F first name. */
  readonly titles: readonly string[];
}

const split = (text: string): readonly string[] => text.split(',').map((word) => word.trim());

export const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    adjectives: split(
      'Silver,Quiet,Paper,Velvet,Hollow,Golden,Northern,Electric,Slow,Wild,Blue,Crooked,Distant,Broken,Amber,Glass,Lunar,Salt,Crimson,Gentle,Midnight,Winter,Neon,Borrowed,Second,Faded,Lonesome,Copper,Restless,Tender,Painted,Secret,Sunken,Feral,Weightless,Modern,Bitter,Lucky,Marble,Violet,Early,Late,Heavy,Bright,Strange,Static,Linen,Cobalt,Pale,Honest',
    ),
    nouns: split(
      'River,Harbour,Window,Fire,Garden,Mirror,Summer,Signal,Mountain,Ocean,Letter,Shadow,Engine,Lantern,Orchard,Thunder,Bridge,Feather,Compass,Kingdom,Radio,Canyon,Satellite,Whisper,Meadow,Avenue,Anchor,Sparrow,Horizon,Motel,Parade,Circus,Tower,Willow,Comet,Cathedral,Island,Needle,Marigold,Pilot,Ghost,Valley,Ember,Tide,Arcade,Balcony,Echo,Ribbon,Season,Telescope,Wolf,Heart,Cinema,Mercy,Gravity,Rain,Hour,Dust,Sleep,Light',
    ),
    plurals: split(
      'Foxes,Rivers,Cousins,Lanterns,Wolves,Strangers,Satellites,Tigers,Orchards,Windows,Arrows,Sailors,Hounds,Sisters,Architects,Pilots,Ghosts,Swimmers,Lions,Diamonds,Sparrows,Gardens,Mirrors,Magpies,Motorways,Astronauts,Letters,Neighbours,Cowboys,Thieves,Poets,Engines,Oranges,Winters,Herons,Accidents,Monuments,Harbours,Kites,Bells',
    ),
    phrases: split(
      'Come Home,Hold On,Stay Awake,Never Mind the Weather,Call Me Later,Let It Rain,Over the Wire,Out of Season,Back to Zero,Before You Go,Nobody Told Me,Half Past Four,Leave the Light On,Say It Twice,Nothing to Lose,Run It Down,Keep the Change,All My Friends Are Sleeping,Something About You,Give It Time,Not Tonight,Drive Slow,Lose the Map,Meet Me There,Where the Road Bends,One More Hour,Only Human,Tell Me Everything,Too Close,Waiting Room',
    ),
    firstNames: split(
      'Ada,Ruben,Mira,Jonah,Clara,Theo,Iris,Caleb,Nell,Marcus,Orla,Silas,June,Desmond,Hazel,Elias,Tess,Wyatt,Naomi,Rufus,Esme,Malik,Harper,Leon,Zadie,Otis,Freya,Dexter,Amara,Tobias,Maeve,Kofi,Bonnie,Ezra,Lottie,Jerome,Sadie,Amos,Delia,Felix',
    ),
    lastNames: split(
      'Ashdown,Marlowe,Okafor,Whitlock,Hale,Pemberton,Carver,Lindqvist,Okoro,Vance,Holloway,Fairchild,Mercer,Bright,Adeyemi,Sutter,Calloway,Winters,Rhodes,Penhallow,Lockhart,Amadi,Thorne,Bellamy,Ransome,Grady,Sinclair,Mbeki,Tolliver,Wren,Castell,Harlow,Beck,Ferris,Quill,Delaney,Moss,Ibekwe,Hart,Langley',
    ),
    places: split(
      'Memphis,Brighton,Tucson,Leeds,Austin,Halifax,Savannah,Bristol,Omaha,Glasgow,Reno,Cardiff,Denver,Whitby,Dakota,Camden,Baton Rouge,Tulsa,Margate,Oakland',
    ),
    titles: split('A N,A N,The N,N,N and N,N in the N,P,A P,No More P,F,L N,Under the N,My A N,N for F,A'),
  },
  sv: {
    adjectives: split(
      'Blå,Stilla,Vilda,Gyllene,Ensam,Lång,Mörk,Ljus,Kall,Sista,Första,Tyst,Sen,Röd,Vit,Trasig,Svag,Tung,Bortglömd,Hemlig,Varm,Nordisk,Liten,Evig,Öppen,Djup,Ung,Okänd,Förlorad,Enkel',
    ),
    nouns: split(
      'Natt,Sommar,Skog,Hamn,Stjärna,Vinter,Gata,Himmel,Älv,Storm,Eld,Dröm,Vind,Spegel,Stad,Sjö,Morgon,Längtan,Fjäril,Kyss,Tystnad,Snö,Månad,Saga,Bro,Dans,Station,Regn,Fyr,Horisont,Trädgård,Våg,Minne,Väg,Ros,Korp,Timme,Granskog,Balkong,Resa',
    ),
    plurals: split(
      'Vargar,Stjärnor,Syskon,Drömmar,Ungar,Fåglar,Rävar,Grannar,Sjömän,Spöken,Vågor,Skuggor,Hjärtan,Nätter,Bränder,Gator,Änglar,Poeter,Vänner,Tjuvar',
    ),
    phrases: split(
      'Kom hem,Stanna kvar,Säg ingenting,När snön faller,Ta min hand,Ingen annan,Bara i natt,Vi ses igen,Allt blir bra,Håll om mig,För sent nu,Hela vägen,Utan dig,Precis som då,Glöm mig inte,Aldrig mer',
    ),
    firstNames: split(
      'Astrid,Elsa,Linnea,Sixten,Maja,Vidar,Tove,Nils,Signe,Alva,Ludvig,Ebba,Hjalmar,Saga,Love,Tuva,Arvid,Majken,Sigge,Ellen,Viggo,Rut,Olle,Ylva,Ivar',
    ),
    lastNames: split(
      'Lindgard,Bergvall,Sandström,Nyberg,Åkesson,Fjellgren,Ekdahl,Höglund,Västberg,Sjögren,Kvist,Lövdal,Norrby,Strandh,Wiklund,Ahlström,Rosenqvist,Grankvist,Dalman,Hedlund',
    ),
    places: split('Göteborg,Malmö,Luleå,Visby,Umeå,Kiruna,Uppsala,Ystad,Falun,Skellefteå,Sundsvall,Söder'),
    titles: split('A N,N,N,P,N i L,Min N,N och N,F,Ingen N,En A N,Under L,Hej F'),
  },
  de: {
    adjectives: split(
      'Leise,Goldene,Wilde,Letzte,Blaue,Kalte,Ferne,Stille,Helle,Fremde,Junge,Verlorene,Schwarze,Kleine,Graue,Tiefe,Lange,Rote,Neue,Warme,Geheime,Offene,Süße,Alte,Bunte',
    ),
    nouns: split(
      'Nacht,Straße,Welle,Stadt,Brücke,Sehnsucht,Insel,Sonne,Ferne,Stille,Farbe,Reise,Zeit,Bühne,Laterne,Küste,Liebe,Freiheit,Kreuzung,Maschine,Wolke,Flamme,Heimat,Melodie,Uhr,Antenne,Rakete,Schleife,Blume,Kammer,Seide,Asche,Richtung,Treppe,Ebbe',
    ),
    plurals: split(
      'Füchse,Lichter,Träume,Nachbarn,Sterne,Wellen,Geister,Piloten,Kinder,Wölfe,Tage,Straßen,Matrosen,Fenster,Spiegel,Vögel,Motoren,Könige,Schatten,Briefe',
    ),
    phrases: split(
      'Bleib bei mir,Komm nach Hause,Alles auf Anfang,Nur noch heute,Wenn der Regen fällt,Halt mich fest,Nie wieder allein,Sag es laut,Bis zum Morgen,Wir zwei,Ohne dich,Weit weg,Nichts zu verlieren,Lass los,Mehr als das,Zurück zu mir',
    ),
    firstNames: split(
      'Lena,Jonas,Frieda,Moritz,Greta,Emil,Mathilda,Anton,Paula,Kilian,Ida,Bruno,Marlene,Till,Romy,Oskar,Lotte,Jannik,Thea,Henri,Wanda,Konrad,Nele,Ansgar,Juno',
    ),
    lastNames: split(
      'Brandt,Eichner,Falkenberg,Hartung,Kessler,Lindemann,Morgenroth,Reinhardt,Sommerfeld,Vogelsang,Winterstein,Ziegler,Altmann,Dornbusch,Grünwald,Hellmer,Kaltenbach,Rosenthal,Steinbach,Wagenknecht',
    ),
    places: split('Berlin,Leipzig,Kiel,Dresden,Köln,Bremen,Jena,Rostock,Altona,Kreuzberg,Halle,Weimar'),
    titles: split('A N,N,N,P,N in L,Meine N,N und N,F,Keine N,Diese N,Über L,Für F'),
  },
  pt: {
    adjectives: split(
      'Azul,Dourada,Perdida,Secreta,Leve,Antiga,Serena,Livre,Distante,Clara,Nova,Vermelha,Quieta,Bonita,Selvagem,Morena,Eterna,Branca,Sozinha,Tardia',
    ),
    nouns: split(
      'Noite,Saudade,Praia,Lua,Cidade,Estrela,Chuva,Dança,Flor,Viagem,Maré,Janela,Rua,Cor,Festa,Estrada,Manhã,Onda,Vida,Chama,Ilha,Voz,Esquina,Alma,Areia,Fantasia,Avenida,Sombra,Canoa,Madrugada',
    ),
    plurals: split(
      'Meninos,Ondas,Estrelas,Vizinhos,Sonhos,Marés,Ruas,Poetas,Irmãos,Noites,Cores,Flores,Caminhos,Segredos,Janelas,Amigos',
    ),
    phrases: split(
      'Fica Comigo,Deixa Acontecer,Volta Pra Casa,Só Hoje,Quando Você Vem,Sem Você,Me Leva,Tudo de Novo,Nem Pensar,Vem Dançar,Até Amanhã,Longe Daqui,Não Demora,Outra Vez,Meu Lugar,Perto do Mar',
    ),
    firstNames: split(
      'Luana,Caio,Marina,Thiago,Bruna,Davi,Iara,Rafael,Lia,Otávio,Yasmin,Tiê,Jorge,Helena,Zeca,Nara,Tomás,Rosa,Ciro,Flora,Dandara,Vicente,Elza,Murilo,Cássia',
    ),
    lastNames: split(
      'Barreto,Monteiro,Sampaio,Vasques,Furtado,Amaral,Figueira,Nogueira,Rezende,Tavares,Azevedo,Camargo,Duarte,Moraes,Queiroz,Salgado,Teixeira,Valadão,Lobo,Siqueira',
    ),
    places: split('Salvador,Recife,Ipanema,Belém,Olinda,Santos,Manaus,Lapa,Curitiba,Natal,Niterói,Bahia'),
    titles: split('N A,N,N,P,N de L,Minha N,N e N,F,Nossa N,N em L,P de L,Pra F'),
  },
  es: {
    adjectives: split(
      'Azul,Dorada,Perdida,Secreta,Leve,Antigua,Serena,Libre,Lejana,Clara,Nueva,Roja,Callada,Bonita,Salvaje,Morena,Eterna,Blanca,Sola,Tardía,Rota,Dulce',
    ),
    nouns: split(
      'Noche,Calle,Playa,Luna,Ciudad,Estrella,Lluvia,Danza,Flor,Sombra,Marea,Ventana,Carretera,Fiesta,Mañana,Ola,Vida,Llama,Isla,Voz,Esquina,Arena,Fantasía,Avenida,Tormenta,Madrugada,Guitarra,Frontera,Orilla,Promesa,Bruma,Estación',
    ),
    plurals: split(
      'Gatos,Olas,Estrellas,Vecinos,Sueños,Mareas,Calles,Poetas,Hermanos,Noches,Colores,Flores,Caminos,Secretos,Ventanas,Amigos,Cometas,Fantasmas',
    ),
    phrases: split(
      'Quédate Conmigo,Deja que Pase,Vuelve a Casa,Solo por Hoy,Cuando Vengas,Sin Ti,Llévame,Todo Otra Vez,Ni Pensarlo,Ven a Bailar,Hasta Mañana,Lejos de Aquí,No Tardes,Otra Vez,Mi Lugar,Cerca del Mar',
    ),
    firstNames: split(
      'Lucía,Hugo,Carmen,Mateo,Alba,Leo,Vera,Álvaro,Inés,Bruno,Noa,Gael,Marta,Iker,Olivia,Rocío,Nicolás,Jimena,Pablo,Alma,Elena,Curro,Candela,Teo,Julia',
    ),
    lastNames: split(
      'Navarro,Molina,Serrano,Castaño,Rivas,Peralta,Luján,Aldama,Montalbán,Quiroga,Robles,Sandoval,Valverde,Zamora,Ibarra,Escudero,Beltrán,Ocaña,Villalba,Cienfuegos',
    ),
    places: split('Sevilla,Granada,Cádiz,Bilbao,Valencia,Toledo,Málaga,Gijón,Lavapiés,Zaragoza,Almería,Murcia'),
    titles: split('N A,N,N,P,N de L,Mi N,N y N,F,Nuestra N,N en L,P de L,Para F'),
  },
};

/** Parts of invented aliases, such as Velora or Kanoth. */
export const SYLLABLES = {
  start: split(
    'Ve,Ka,Lu,No,Sy,Mi,Ze,Ta,Ny,Ky,Mo,Xa,Ri,So,Vi,Ha,Sola,Ori,Elo,Ava,Cas,Del,Fen,Gal,Hex,Jun,Kel,Lor,Mar,Nev,Ost,Vald,Brin,Quill,Thal,Zorn',
  ),
  middle: split('lo,na,ri,vo,sa,ti,mu,dra,li,ko,ra,ne,vi,ma,ro,xi,lu,be'),
  afterVowel: split('n,x,th,ra,ka,lo,ne,ris,lis,nix,ndra,nia,ve,met,ros,lune,ma,vik,sha,nova'),
  afterConsonant: split('a,is,us,el,on,ar,ia,or,ix,um,en,os,ova,ine,essa,ana,ith,era'),
} as const;

export const ANIMALS = split(
  'Otter,Badger,Penguin,Hedgehog,Elephant,Rabbit,Tiger,Owl,Giraffe,Beetle,Whale,Squirrel,Moose,Parrot,Dragon,Bear',
);

export const ENSEMBLES = split(
  'Quartet,Trio,Chamber Players,Ensemble,Sextet,Sinfonietta,Collective,Orchestra,Consort,Big Band',
);

export const MOODS: Readonly<Record<Language, readonly string[]>> = {
  en: split(
    'Morning,Sunday,Late Night,Focus,On the Road,Kitchen,Slow,Rainy Day,Golden Hour,Deep,Fresh,Essential,Warm-up,Unplugged,Underground,Weekend,Classic,Next-Wave',
  ),
  sv: split('Morgon,Söndag,Nattens,Lugn,Bilens,Kökets,Ny svensk,Fredag,Sommarens,Klassisk'),
  de: split('Morgen,Sonntag,Nacht,Ruhige,Fahrtwind,Küchen,Neue,Feierabend,Sommer,Klassische'),
  pt: split('Manhã,Domingo,Noite,Calma,Na Estrada,Cozinha,Nova,Sexta,Verão,Clássica'),
  es: split('Mañana,Domingo,Noche,Calma,En Ruta,Cocina,Nueva,Viernes,Verano,Clásica'),
};

/** Show titles by topic (24 + index) and language: # is a noun, F L a host. */
export const SHOW_TITLES: readonly (readonly string[])[] = [
  split('The # Files,Last Seen in L,Cold #,What Happened at # House,Unsolved: L,The Night of the #'),
  split('# Business,F & F Talk Rubbish,Sorry About the #,Two Chairs and a #,Laugh at L,F Explains Nothing'),
  split('The Daily #,Before Breakfast,Today in L,The Briefing with F,Eight O’Clock,Front Page #'),
  split('Histories of #,Empires of L,The # Archive,When L Fell,Forgotten #,F’s Footnotes'),
  split('The # Experiment,Curious #,Small Particles,How # Works,Field Notes with F,Zero Gravity #'),
  split('Ship It,The # Stack,Hello #,Machines of L,Off by One,Patch Notes with F'),
  split('Extra Time,The # Dugout,Final Whistle L,Full Court #,F on Football,The Long Run'),
  split('Margin of #,The # Ledger,Founders of L,Cash # Credit,Open Market with F,Good Company'),
  split('Late Review,The # Salon,Page and #,L After Dark,F Reads,Cut to #'),
  split('Slow #,Breathe with F,The # Habit,Sleep Well L,Ten Quiet Minutes,Kinder #'),
  split('Liner Notes,B-Sides with F,The # Tapes,Needle Drop L,Behind the #,Four Chords'),
  split('F and the #,Bedtime in L,The Little #,Once Upon a #,Captain # Sails,Good Night #'),
];

export const EPISODE_TITLES: Readonly<Record<Language, readonly string[]>> = {
  en: split(
    'The A N,One Night in L,F’s N,What the N Said,The N Problem,Letters to F,P,How We Lost the N,N and N,Live from L,The Trouble with P,Answering Your Questions',
  ),
  sv: split('A N,En N i L,Historien om F,P,Vad hände i L?,N och N,F berättar,Frågor och svar'),
  de: split('Die A N,Eine N in L,Die Geschichte von F,P,Was geschah in L?,N und N,F erzählt,Fragen und Antworten'),
  pt: split('N A,Uma N em L,História de F,P,O que houve em L?,N e N,F conta tudo,Perguntas e respostas'),
  es: split('N A,Una N en L,La historia de F,P,¿Qué pasó en L?,N y N,F lo cuenta todo,Preguntas y respuestas'),
};

export const SHOW_WORDS: Readonly<Record<Language, readonly (readonly string[])[]>> = {
  en: SHOW_TITLES,
  sv: localShows([
    'Brottet i L,Fallet #,Spåret efter F',
    'F & F snackar skit,Humor från L,Skratt och #',
    'Nyheterna med F,Morgon i L,Dagens #',
    'Historia med F,När L brann,Glömda #',
    'Vetenskap med F,Nyfiken på #,Små partiklar',
    'Koden med F,Framtidens #,Teknik i L',
    'Avspark L,Övertid med F,Bollen och #',
    'Börsen med F,Pengar och #,Affärer i L',
    'Kultursalongen,F läser,# och andra böcker',
    'Andas med F,Lugn #,Sov gott i L',
    'Skivbacken,Låtarna från L,B-sidor med F',
    'Sagan om #,F och #,God natt L',
  ]),
  de: localShows([
    'Tatort L,Der Fall #,Die Akte F',
    'F & F reden Quatsch,Humor aus L,Lachen über #',
    'Nachrichten mit F,Der Morgen in L,Lage der #',
    'Geschichte mit F,Als L brannte,Vergessene #',
    'Wissen mit F,Neugier auf #,Kleine Teilchen',
    'Der Code mit F,# von morgen,Technik aus L',
    'Anpfiff L,Nachspielzeit mit F,Ball und #',
    'Börse mit F,Geld und #,Gründer in L',
    'Der Salon,F liest,# und andere Bücher',
    'Atmen mit F,Ruhige #,Gut schlafen in L',
    'Plattenkiste,Lieder aus L,B-Seiten mit F',
    'Das Märchen von #,F und die #,Gute Nacht L',
  ]),
  pt: localShows([
    'Crime em L,O caso #,Na pista de F',
    'F & F falam bobagem,Humor de L,Rindo da #',
    'Notícias com F,Bom dia L,# do dia',
    'História com F,Quando L caiu,# esquecida',
    'Ciência com F,Curiosa #,Pequenas partículas',
    'Código com F,# do futuro,Tecnologia em L',
    'Apito final L,Prorrogação com F,Bola e #',
    'Mercado com F,Dinheiro e #,Negócios em L',
    'O salão,F lê,# e outros livros',
    'Respira com F,Calma #,Dorme bem L',
    'Lado B com F,Canções de L,Vitrola e #',
    'Histórias da #,F e a #,Boa noite L',
  ]),
  es: localShows([
    'Crimen en L,El caso #,Tras la pista de F',
    'F y F no se callan,Humor de L,La risa de la #',
    'Noticias con F,Buenos días L,# del día',
    'Historia con F,Cuando cayó L,# olvidada',
    'Ciencia con F,Curiosa #,Partículas pequeñas',
    'Código con F,# del futuro,Tecnología en L',
    'Pitido final L,Prórroga con F,Balón y #',
    'Mercado con F,Dinero y #,Negocios en L',
    'El salón,F lee,# y otros libros',
    'Respira con F,# en calma,Duerme bien L',
    'Cara B con F,Canciones de L,Tocadiscos y #',
    'Cuentos de la #,F y la #,Buenas noches L',
  ]),
};

function localShows(lines: readonly string[]): readonly (readonly string[])[] {
  return lines.map(split);
}
