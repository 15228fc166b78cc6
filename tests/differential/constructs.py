"""Constructs of the policy language, a line each, of which language.py writes random expressions.

A construct is one line of CONSTRUCTS: the type it gives, a weight, the name it is counted by, and a template. In a template
`{money}` stands for any expression of that type, and:

  {var person}        a variable in sight that is a person; {var KIND} a fact of that kind
  {people} {facts} {monthly} {daily} {spanned}   a list (of people; of facts by state; by month; by day; by year or period),
  {each}              the months of a period; with its filters; behind it {x} is its variable and {in money} an expression that may use it
  {named TYPE}        the name of a parameter of the household, of that type
  {stepped}           the name of one of numbers or dates with one key that is a number
  {closable} {closable people}  behind a person a list as it is; a list of people
  {ALL CAPITALS}      one of WORDS
  {n}                 a small whole number

A construct behind `@group` takes part in half of the packs only, so that what it changes everywhere (a day on which
something changes, say) is not in all of them.

Types with a capital (Count, Ratio) are never bare numbers; Days and Months are always whole.
"""

WORDS = {
    'MODE': ['half_up', 'half_even', 'ceiling', 'floor', 'toward_zero', 'away_from_zero'],
    'GRAIN': ['fen', 'jiao', 'yuan'],
    'ORDER': ['<', '<=', '>', '>='],
    'COMPARE': ['<', '<=', '>', '>=', '==', '!='],
    'EQUAL': ['==', '!='],
    'PICK': ['min', 'max'],
    'LEAST': ['.min', '.max'],
    'HIGHEST': ['highest', 'lowest'],
    'SURELY': ['surely', 'possibly'],
    'SIGN': ['+', '-'],
    'DAY': ['2025-02-28', '2025-03-01', '2025-03-03', '2024-02-29', '2025-12-31', '1965-03-03', '2007-03-10'],
    'CATEGORY': ['cat', 'reg', 'tax', 'vis'],
    'RELATION': ['applicant', 'spouse', 'child', 'parent', 'sibling', 'other'],
    'PLACE': ['640000', '640100', '640104', '110000'],
    'LEVEL': ['region', 'city', 'county'],
    'CHECK': ['new', 'review', 'urgent'],
    'SCOPE': ['urban', 'rural'],
    'SEX': ['male', 'female'],
    'ROLE': ['member', 'obligor'],
    'TWO': ['a', 'b', 'c'],
}

# What a construct is where nothing may stand inside it.
LEAVES = '''
money    4 yuan        yuan({n})
money    2 yuan        yuan({n}.5)
money    1 yuan        yuan(1) / 3
rate     2 number      yuan({n}) / months(1)
annual   2 number      yuan({n}) / years(1)
Ratio    3 ratio       ratio({n})
Ratio    2 number      0.5
Ratio    2 number      1 / 3
Count    2 size        persons.size()
bare     1 number      {n}
Months   2 months      months({n})
years    2 years       years({n})
years    1 years       years(18)
Days     2 days        days({n})
bool     1 true        true
bool     1 false       false
date     4 policy_day  policy_day
date     2 application_day  application_day
date     1 date        date('{DAY}')
date     1 acceptance_day  acceptance_day
date     1 request_day request_day
month    4 month       {var month}
bool     1 staff_relative  staff_relative
place    2 division    division
date     3 birth       {var person}.birth
period   2 months_before  months_before(policy_day, months({n}))
scope    1 scope       scope
relation 1 relation    {var person}.relation
sex      1 sex         {var person}.sex
role     1 role        {var person}.role
'''

CONSTRUCTS = '''
money    8 {SIGN}      ({money} {SIGN} {money})
money    2 +           {money} - {money} + {money}
money    2 precedence  {money} + {ratio} * {money}
money    1 precedence  {money} - {money} / {Count}
money    2 zero        ({money} + 0)
money    1 zero        max(0, {money})
money    2 negative    -{money}
money    3 *           {ratio} * ({money})
money    2 *           {Count} * {money}
money    2 *           ({money} * {bare})
money    4 *           ({rate} * {months})
money    2 *           ({annual} * {years})
money    3 /           ({money}) / {Count}
money    2 /           ({money}) / {Ratio}
money    4 {PICK}      {PICK}({money}, {money})
money    2 {PICK}      {PICK}({money}, {money}, {money})
money    4 ?:          ({bool} ? {money} : {money})
money    1 ?:          ({bool} ? {money} : 0)
money    1 ?:          ({bool} ? {money} : {bool} ? {money} : {money})
money    5 round       round({money}, '{MODE}', '{GRAIN}')
money    2 presumed    presumed({money})
money    8 sum         {people}.sum({x}, {in money})
money    14 sum         {facts}.sum({x}, {in money})
money    12 sum         {monthly}.sum({x}, {in money})
money    5 sum         {spanned}.sum({x}, {in money})
money    5 by_day      {daily}.sum({x}, {in money})
money    1 by_day      {daily}{LEAST}({x}, {in money}, {money})
money    4 within      {spanned}.sum({x}, {in money} * {x}.within / {x}.span)
money    2 {LEAST}     {people}{LEAST}({x}, {in money})
money    2 {LEAST}     {facts}{LEAST}({x}, {in money}, {money})
money    2 {LEAST}     {monthly}{LEAST}({x}, {in money})
money    2 {LEAST}     {monthly}{LEAST}({x}, {in money}, {money})
money    2 mean        {people}.mean({x}, {in money})
money    2 mean        {monthly}.mean({x}, {in money}, {money})
money    2 mean        {facts}.mean({x}, {in money})
money    2 roundto     round({money}, '{MODE}', yuan({n}.5))
money    4 {HIGHEST}   {HIGHEST}({named money})
rate     4 {SIGN}      ({rate} {SIGN} {rate})
rate     4 /           {money} / {Months}
rate     3 *           ({ratio} * {rate})
rate     2 {PICK}      {PICK}({rate}, {rate})
rate     2 ?:          ({bool} ? {rate} : {rate})
rate     2 round       round({rate}, '{MODE}', '{GRAIN}')
rate     2 sum         {people}.sum({x}, {in rate})
rate     1 presumed    presumed({rate})
annual   2 /           {money} / {years}
annual   1 +           ({annual} + {annual})
annual   1 *           {annual} * {ratio}
Ratio    4 /           ({money}) / ({money})
Ratio    2 /           ({rate}) / ({rate})
Ratio    2 /           {count} / {count}
Ratio    2 {SIGN}      ({Ratio} {SIGN} {ratio})
Ratio    2 *           ({ratio} * {ratio})
Ratio    1 /           ({ratio} / {ratio})
Ratio    2 ratio       ratio({count})
Ratio    1 *           ({Count} * {Ratio})
Ratio    1 {PICK}      {PICK}({Ratio}, {ratio})
Ratio    1 ?:          ({bool} ? {Ratio} : {ratio})
Ratio    1 sum         {people}.sum({x}, {in ratio})
Ratio    1 sum         {people}.sum({x}, {n})
Ratio    1 /           {months} / {months}
money    4 each_month  {each}.sum({x}, {in money})
money    1 each_month  {each}.mean({x}, {in money}, {money})
Count    2 each_month  {each}.count({x}, {in bool})
Count    1 each_month  {each}.size()
bool     3 each_month  {each}.exists({x}, {in bool})
bool     2 each_month  {each}.all({x}, {in bool})
Count    4 count       {people}.count({x}, {in bool})
Count    3 count       {facts}.count({x}, {in bool})
Count    2 count       {spanned}.count({x}, {in bool})
Count    3 count       {monthly}.count({x}, {in bool})
Count    2 by_day      {daily}.count({x}, {in bool})
Count    1 by_day      {daily}.size()
Count    2 size        {people}.size()
Count    2 size        {facts}.size()
Count    1 size        {monthly}.size()
Count    2 {SIGN}      ({Count} {SIGN} {count})
Count    1 *           {bare} * {Count}
Count    1 *           ({Count} * {Count})
Count    1 {PICK}      {PICK}({Count}, {count})
Count    1 ?:          ({bool} ? {Count} : {count})
Count    1 sum         {people}.sum({x}, {in Count})
Count    2 distinct    {facts}.distinct({x}, {in two})
Count    1 distinct    {monthly}.distinct({x}, {in money})
Count    1 distinct    {people}.distinct({x}, {in bool})
Count    2 roundto     round({Ratio}, '{MODE}', 1)
Count    4 size()      size({named any})
Ratio    2 roundto     round({Ratio}, '{MODE}', 0.25)
Ratio    1 mean        {facts}.mean({x}, {in Ratio}, 1 / 3)
Ratio    1 {HIGHEST}   {HIGHEST}({named Ratio})
Months   1 roundto     round({months}, '{MODE}', months(2))
date     1 {LEAST}     {facts}{LEAST}({x}, {in date}, {date})
date     1 {LEAST}     {people}{LEAST}({x}, {in date})
date     1 by_day      {daily}{LEAST}({x}, {in date}, {date})
bool     2 defined     defined({money})
bool     1 defined     defined({date})
bool     4 {SURELY}    @knowledge {SURELY}({bool})
bool     3 closed      @knowledge closed({var person}.{closable})
bool     1 closed      @knowledge closed({closable people})
two_set  2 sets        {two_set} + {two_set}
two_set  2 sets        ({two_set} - ['{TWO}'])
two_set  1 sets        ({bool} ? {two_set} : {two_set})
two_set  1 sets        ['{TWO}'] + {two_set}
Count    4 year_of     @calendar year_of({date})
Count    4 month_of    @calendar month_of({date})
bare     1 +           ({bare} + {bare})
bare     1 {PICK}      {PICK}({bare}, {bare})
Months   4 months()    {monthly}.months()
Months   2 within      {spanned}.sum({x}, {x}.within)
Months   2 {SIGN}      ({Months} {SIGN} {Months})
Months   1 *           {n} * {Months}
Months   3 months_between  @counted months_between({date}, {date})
Months   1 {PICK}      {PICK}({Months}, {Months})
Months   1 sum         {people}.sum({x}, {in Months})
months   1 *           {ratio} * {Months}
months   1 /           {Months} / {Count}
years    4 age         age({var person}.birth, {date})
years    2 age         age({date}, {date})
years    1 +           ({years} + {years})
years    1 ?:          ({bool} ? {years} : {years})
Days     3 date-date   @counted ({date} - {date})
Days     3 working_days_between  @working working_days_between({date}, {date})
Days     1 +           ({Days} + {Days})
Days     1 *           {bare} * {Days}
days     1 /           {Days} / {Count}
bool     6 &&          ({bool} && {bool})
bool     6 ||          ({bool} || {bool})
bool     1 &&          {bool} || {bool} && {bool}
bool     4 !           !({bool})
bool     5 {COMPARE}   {money} {COMPARE} {money}
bool     1 {COMPARE}   {money} {COMPARE} 0
bool     1 {COMPARE}   ({money} * {money} {COMPARE} {money} * {money})
bool     3 {COMPARE}   ({rate}) {COMPARE} ({rate})
bool     2 {COMPARE}   ({ratio}) {COMPARE} ({ratio})
bool     2 {COMPARE}   ({Count}) {COMPARE} ({count})
bool     1 {COMPARE}   {months} {COMPARE} {months}
bool     3 {COMPARE}   {years} {COMPARE} {years}
bool     1 {COMPARE}   {annual} {COMPARE} {annual}
bool     1 {COMPARE}   @counted {days} {COMPARE} {Days}
bool     3 {COMPARE}   {date} {COMPARE} {date}
bool     3 {COMPARE}   {month} {COMPARE} {month}
bool     1 bool==      ({bool}) {EQUAL} ({bool})
bool     2 ?:          ({bool} ? {bool} : {bool})
bool     1 presumed    presumed({bool})
bool     6 exists      {people}.exists({x}, {in bool})
bool     12 exists      {facts}.exists({x}, {in bool})
bool     6 exists      {monthly}.exists({x}, {in bool})
bool     4 all         {people}.all({x}, {in bool})
bool     3 exists      {spanned}.exists({x}, {in bool})
bool     3 by_day      {daily}.exists({x}, {in bool})
bool     1 by_day      {daily}.all({x}, {in bool})
bool     2 all         {spanned}.all({x}, {x}.within < {x}.span)
bool     6 all         {facts}.all({x}, {in bool})
bool     3 all         {monthly}.all({x}, {in bool})
bool     4 answered    answered({var person}, '{CATEGORY}')
bool     4 not_ruled_out  not_ruled_out({bool}, {var person}, '{CATEGORY}')
bool     24 listed      listed({person})
bool     26 relation_of relation_of({person}) {EQUAL} '{RELATION}'
bool     30 is_person   is_person({person}, {var person})
bool     1 relation_of relation_of({person}) in ['{RELATION}', '{RELATION}']
bool     2 code==      {scope} {EQUAL} '{SCOPE}'
bool     2 in_period   @periods in_period({date}, {period})
bool     2 within_place  within({place}, '{PLACE}')
bool     1 same_division  same_division({place}, {place}, '{LEVEL}')
bool     1 place==     {place} {EQUAL} {place}
bool     1 check_kind  check_kind {EQUAL} '{CHECK}'
bool     1 code==      '{SCOPE}' {EQUAL} {scope}
bool     2 code==      {relation} {EQUAL} '{RELATION}'
bool     2 in          {relation} in ['{RELATION}', '{RELATION}', '{RELATION}']
bool     3 code==      {sex} {EQUAL} '{SEX}'
bool     2 code==      {role} {EQUAL} '{ROLE}'
bool     3 code==      {two} {EQUAL} '{TWO}'
bool     2 code==      {two} {EQUAL} {two}
bool     1 code==      {two} == ({bool} ? '{TWO}' : '{TWO}')
bool     2 in          {two} in ['{TWO}', '{TWO}']
bool     2 in          {two} in {two_set}
bool     1 in          {two} in []
bool     3 code_in     '{TWO}' in {two_set}
bool     3 rising      rising({stepped})
bool     3 falling     falling({stepped})
date     2 {PICK}      {PICK}({date}, {date})
date     1 date+days   @counted ({date} + {Days})
date     1 date-days   @counted ({date} - {Days})
date     1 part_of_day @counted ({date} + {Days} * {Count} / 3)
date     1 part_of_month @counted add_months({date}, {Months} * {Count} / 2)
date     1 part_of_work @working working_days_after({date}, {Days} * {Count} / 3)
period   1 part_of_span months_before({date}, {Months} * {Count} / 2)
date     2 add_months  @counted add_months({date}, {Months})
date     2 working_days_after  @working working_days_after({date}, days({n}))
date     1 working_days_after  @working working_days_after({date}, max(days(0), {Days}))
date     1 period_start  @periods period_start({period})
date     1 period_end  @periods period_end({period})
date     2 month_first @periods month_first({month})
date     2 month_last  @periods month_last({month})
date     2 month_start @calendar month_start({date})
date     2 month_end   @calendar month_end({date})
date     1 ?:          ({bool} ? {date} : {date})
period   3 months_before  months_before({date}, {Months})
period   2 months_through months_through({date}, {Months})
period   2 period      @periods period({date}, {date})
month    2 month_containing  @calendar month_containing({date})
two      2 ?:          ({bool} ? {two} : {two})
two      1 presumed    presumed({two})
'''
