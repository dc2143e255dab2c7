/** Documents that nobody has seen before, since they were written for this, and what stands in them. */
export interface QuestionedDocument {
  readonly title: string;
  /** One text, or the pages of a PDF. */
  readonly source: { readonly text: string } | { readonly pages: readonly string[] };
  readonly questions: readonly Question[];
}

export interface Question {
  readonly question: string;
  /** Any of these words, in whatever sentence. */
  readonly answers: readonly string[];
  /** Counted from 1, of a PDF. */
  readonly page?: number;
}

const HARBOUR: QuestionedDocument = {
  title: "Harbour rules of Veldhaven",
  source: {
    text: `The harbour of Veldhaven was dug in 1874 and widened in 1931. It has three basins. The north basin is for fishing boats, the
east basin for freight, and the south basin for visitors. The harbour office stands beside the red lighthouse on Keel Street and is open
from seven in the morning until six in the evening, on Sundays until noon. The harbour master is Ilse Brandt; her deputy is Tomas Rell.

Boats of more than eighteen metres need a pilot. A pilot is ordered by radio on channel 12 at least two hours before arrival. Inside the
breakwater the highest speed is four knots. Anchoring is forbidden in the fairway and within two hundred metres of the ferry quay. The
ferry to Osmund sails at 8:15, 12:40 and 17:30 and takes fifty minutes.

A berth in the south basin costs two crowns a metre for each night. The first hour is free. Water is included; electricity costs a further
three crowns a day. Fees are paid at the machine under the clock. Whoever leaves without paying is charged the double fee. Dogs are
welcome but must be kept on a lead. Fires on deck are not allowed, and neither are fireworks.

In a storm the signal is two black balls on the mast of the harbour office. Then the gates of the east basin are closed, and no boat may
leave without the harbour master's word. The highest tide ever measured was 5.9 metres, on 3 February 1953. After that flood the sea
wall was raised by one metre, and a bell from the wreck of the Marguerite was hung in the lighthouse. It is rung once a year.`,
  },
  questions: [
    { question: "In which year was the harbour dug?", answers: ["1874"] },
    { question: "Which basin is for freight?", answers: ["east"] },
    { question: "Who is the deputy of the harbour master?", answers: ["Tomas Rell", "Rell"] },
    { question: "On which radio channel is a pilot ordered?", answers: ["12", "twelve"] },
    { question: "What is the highest speed inside the breakwater?", answers: ["four knots", "4 knots"] },
    { question: "How long does the ferry to Osmund take?", answers: ["fifty minutes", "50 minutes"] },
    { question: "What does electricity cost a day?", answers: ["three crowns", "3 crowns"] },
    { question: "What is the signal in a storm?", answers: ["two black balls", "black balls"] },
    { question: "How high was the highest tide ever measured?", answers: ["5.9"] },
    { question: "From which wreck does the bell in the lighthouse come?", answers: ["Marguerite"] },
  ],
};

const MILL: QuestionedDocument = {
  title: "The paper mill of Orrin",
  source: {
    text: `Three brothers founded the paper mill of Orrin in 1822: Jakob, Wendel and Anselm Fitch. Jakob kept the books, Wendel built the
machines, and Anselm travelled to sell the paper. In the first year eleven people worked there and made nine tons of paper from rags. The
rags came by barge from Lisk; the water came from the Tarn brook.

The first steam engine arrived in 1847 and was called Old Bertha. It burned two tons of coal a day. In 1869 Wendel's daughter Clara
invented a sieve that sorted the fibres by length. Her patent had the number 4471. Thanks to the sieve the mill won a silver medal at the
fair of Antwerp in 1873. Clara led the mill from 1880 until her death in 1902, and she was the first in the valley to pay for the schooling of
the workers' children.

On 14 August 1911 a fire destroyed the drying hall. Nobody was hurt, because it was a Sunday. The new hall was built of brick and had
forty windows. During the war the mill made maps, and afterwards paper for banknotes, with a watermark that showed a heron. The heron
is still in the arms of the town.

From 1954 on wood from Finland took the place of rags. The last sheet was made on 30 June 1996. Today the drying hall is a museum
with about thirty thousand visitors a year. On Thursdays they may make a sheet of paper by hand. The entrance costs six marks; children
under ten pay nothing. Old Bertha still turns, but now by electricity.`,
  },
  questions: [
    { question: "Which of the brothers kept the books?", answers: ["Jakob"] },
    { question: "How many people worked in the mill in the first year?", answers: ["eleven", "11"] },
    { question: "From which brook did the water come?", answers: ["Tarn"] },
    { question: "What was the first steam engine called?", answers: ["Old Bertha", "Bertha"] },
    { question: "What was the number of Clara's patent?", answers: ["4471"] },
    { question: "At the fair of which city did the mill win a medal?", answers: ["Antwerp"] },
    { question: "Why was nobody hurt in the fire?", answers: ["Sunday"] },
    { question: "Which animal did the watermark show?", answers: ["heron"] },
    { question: "From which country did the wood come?", answers: ["Finland"] },
    { question: "On which day of the week may visitors make paper?", answers: ["Thursday", "Thursdays"] },
  ],
};

const MANUAL: QuestionedDocument = {
  title: "Manual of the weather station Corvus 3",
  source: {
    text: `The Corvus 3 measures wind, rain, temperature, pressure and light. It is fastened to a pole of 40 to 50 millimetres with the two
clamps that come with it. The small arrow on the housing must point north. Keep it at least three metres away from walls, because walls
warm the air.

The station runs on four batteries of type C, which last about fourteen months, or on the solar panel SP-2, which is sold apart. When the
green light blinks twice, the batteries are low. When the red light stays on, the rain sensor is blocked: take off the funnel by turning it to
the left and wash it with warm water, never with soap.

To connect the station, hold the blue button for five seconds until it beeps. Then open the page corvus.local and enter the code that stands
under the lid; it has six digits. Data are sent every ninety seconds. Without a network they are kept in the station for eleven days.
The memory is cleared by pressing the blue and the white button together.

Temperature is right to 0.3 degrees between minus 30 and plus 50 degrees. Wind is measured up to 180 kilometres an hour. The rain
gauge counts steps of 0.2 millimetres. The pressure sensor should be adjusted once a year; the value for your place is on the page of the
nearest airport. The guarantee is three years, five for schools. Repairs are done in Tilburg. Spare funnels have the order number 88-140.`,
  },
  questions: [
    { question: "Where must the small arrow point?", answers: ["north"] },
    { question: "How many batteries does the station need?", answers: ["four", "4"] },
    { question: "What is the name of the solar panel?", answers: ["SP-2", "SP2"] },
    { question: "What does it mean when the red light stays on?", answers: ["rain sensor is blocked", "rain sensor"] },
    { question: "For how many seconds is the blue button held to connect the station?", answers: ["five", "5"] },
    { question: "How many digits has the code under the lid?", answers: ["six", "6"] },
    { question: "For how many days are data kept without a network?", answers: ["eleven", "11"] },
    { question: "Up to which speed is wind measured?", answers: ["180"] },
    { question: "How long is the guarantee for schools?", answers: ["five years", "5 years", "five", "5"] },
    { question: "What is the order number of spare funnels?", answers: ["88-140"] },
  ],
};

const MINUTES: QuestionedDocument = {
  title: "Minutes of the allotment society, 9 March",
  source: {
    text: `Present were 34 members. Ruth Okoye chaired the meeting; Piet Lammers took the minutes. The minutes of 12 January were approved
without a change. The chair welcomed two new members: Aylin Demir, plot 17, and the Soto family, plot 22.

The treasurer, Hanna Weiss, reported that the society has 6,120 in the bank, which is 480 less than a year ago. The largest expense was
the new pump, at 1,350. The yearly fee will rise from 60 to 65 in July. Five members voted against it. The insurance of the tool shed has
been moved to the Northern Mutual, which saves 90 a year.

The broken fence at the railway will be mended on 23 March; helpers meet at nine at the water tower and bring gloves. Omar Haddad
lends his trailer. The well behind plot 8 must not be used until the water has been tested again, since in February it held too much nitrate.
The laboratory in Elm Road will send its report by the end of April.

Bees: Mr Castellan asked to keep four hives beside the orchard. The society allowed two, for one year. Neighbours who are allergic should
tell the chair. The summer party will be on 21 June; the band Seven Spades will play, and the children's choir has been asked. The prize for
the best garden went to plot 5 last year, and will be judged this year by the mayor. The chair closed the meeting at 20:50. The next one is
on 11 May in the school hall.`,
  },
  questions: [
    { question: "How many members were present?", answers: ["34", "thirty-four"] },
    { question: "Who took the minutes?", answers: ["Piet Lammers", "Lammers"] },
    { question: "Which plot has the Soto family?", answers: ["22", "plot 22"] },
    { question: "How much did the new pump cost?", answers: ["1,350", "1350"] },
    { question: "To how much will the yearly fee rise?", answers: ["65"] },
    { question: "Where do the helpers meet to mend the fence?", answers: ["water tower"] },
    { question: "Of what did the water of the well hold too much?", answers: ["nitrate"] },
    { question: "How many hives did the society allow?", answers: ["two", "2"] },
    { question: "Which band will play at the summer party?", answers: ["Seven Spades"] },
    { question: "Who will judge the best garden this year?", answers: ["mayor"] },
  ],
};

const REPORT: QuestionedDocument = {
  title: "Yearly report of the ferry company Nordwind",
  source: {
    pages: [
      "Yearly report of the ferry company Nordwind. This report covers the year that ended on 30 September. The company was founded in 1988 by Greta Solheim and has its seat in Arnvik. It has 214 employees, nine more than the year before. The head of the company is Marten Vos. The report was written by the finance department and checked by the auditors Pell and Sons.",
      "Ships. Nordwind runs five ferries. The largest is the Aurora, with room for 640 passengers and 120 cars. The oldest is the Skarv, built in 1979; it will be sold next spring. A new electric ferry, the Lumen, is being built in Gdansk and will be delivered in May. Its batteries weigh 38 tons and are charged in 25 minutes. The ferries burned 4.1 million litres of fuel, seven percent less than in the year before.",
      "Passengers. 1.9 million passengers travelled with Nordwind, most of them on the line from Arnvik to Holm. July was the strongest month. The smallest line, to the island of Fugl, had 12,400 passengers and is paid for by the county. On 2 December the line to Holm was closed for a day because of ice. Of all departures 96 percent were on time. Passengers complained most often about the coffee.",
      "Money. The company took in 58.2 million and spent 53.7 million. Each share earns a dividend of 1.40. The loan from the Harbour Bank was paid back in June, two years early. Tickets became three percent dearer in January. The cafeteria of the Aurora was let to the bakery Halvorsen. For the electric ferry the state gives a grant of 6 million.",
      "Outlook. Next year Nordwind will open a line to Teist, twice a day from April to October. Fifteen more people will be hired, among them four engineers. The ticket machines will be replaced by an app called Billett. The greatest risk is the price of fuel. The next general meeting is on 18 February in the concert hall of Arnvik.",
    ],
  },
  questions: [
    { question: "Who founded the company?", answers: ["Greta Solheim", "Solheim"], page: 1 },
    { question: "How many employees does the company have?", answers: ["214"], page: 1 },
    { question: "Which ferry is the oldest?", answers: ["Skarv"], page: 2 },
    { question: "In which city is the electric ferry being built?", answers: ["Gdansk"], page: 2 },
    { question: "How long does it take to charge the batteries of the Lumen?", answers: ["25 minutes"], page: 2 },
    { question: "Which was the strongest month?", answers: ["July"], page: 3 },
    { question: "About what did passengers complain most often?", answers: ["coffee"], page: 3 },
    { question: "How much is the dividend of each share?", answers: ["1.40", "1.4"], page: 4 },
    { question: "Which bakery has the cafeteria of the Aurora?", answers: ["Halvorsen"], page: 4 },
    { question: "What is the app called that replaces the ticket machines?", answers: ["Billett"], page: 5 },
  ],
};

export const QUESTION_SET: readonly QuestionedDocument[] = [HARBOUR, MILL, MANUAL, MINUTES, REPORT];
