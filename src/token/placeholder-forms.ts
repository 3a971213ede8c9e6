/** Templates that nobody filled in: known by their form, whatever stands inside. */
const templates: readonly RegExp[] = [
  // <userId>, JSP and ERB's <%= … %>, PHP's <?= … ?>, and what Go, Python, Swift print: <nil>, <User object at 0x…>
  /^<.*>$/su,
  // Ruby's #<User:0x…>, Elixir's #PID<0.1.0>
  /^#[\w.]*<.*>$/su,
  // Mustache, Handlebars, Jinja, Liquid, Vue; Polymer, Thymeleaf
  /^\{\{.*\}\}$/su,
  /^\[\[.*\]\]$/su,
  // Blade, Salesforce; AMPscript; Template Toolkit; Drupal
  /^\{!.*\}$/su,
  /^%%=.*=%%$/su,
  /^\[%.*%\]$/su,
  /^\[current-user:.*\]$/su,
  // JavaScript, the shell, JSP, Velocity; Thymeleaf; Ruby, Pug; Ruby's format, Elixir's structs; Razor; MSBuild
  /^\$+!?\{.*\}$/su,
  /^[*~]\{.*\}$/su,
  /^#\{.*\}$/su,
  /^%[\w.]*\{.*\}$/su,
  /^@\{.*\}$/su,
  /^[$@]\(.*\)$/su,
  // Smarty, Twig, Latte
  /^\{[$%#=].*\}$/su,
  // PHP's and Velocity's variables with a member: $user->id, $user['id'], $user.id
  /^\$!?[\p{L}_][\p{L}\p{N}_]*(?:->|::|\[|\.[\p{L}_]).*$/su,
  // Razor: the names that its pages have; @alice and @alice:server.example are ids
  /^@(?:Model|ViewBag|ViewData|TempData|Html|Context|HttpContext|Request|Session)[.[(?].*$/su,
  /^@User\.(?:Identity|Claims|Find|Get|IsInRole|Id$|UserId|UserName|Name).*$/su,
  /^@(?:context|item|user|current[uU]ser|[uU]serManager|claims|model)\.\p{Lu}.*$/su,
  // a route's or a statement's parameter: :userId, @userId, $userId, @p0, $1
  /^:[\p{L}_][^\s:]*$/u,
  /^[@$#?&*~!]+(?:id|uid|uuid|user_?id|user_?name|user|logname|customer_?id)!?$/iu,
  /^[@$](?:p\d|[0-3])$/iu,
  /^\?[1-3]$/u,
  /^\{[0-3]\}$/u,
  /^\$env:.*$/iu,
  // __USER_ID__, %USER_ID%, %%user_id%%, #user.id#, ##ID##, @user.id@, *|USER_ID|*, |USER|
  /^__[\p{L}\p{N}_.-]+__$/u,
  /^(?<mark>%%?|##?|@@?|\*\||\|)[\p{L}_][\p{L}\p{N}_.-]*(?:\k<mark>|\|\*)$/u,
  // printf's directives, with their flags, width, precision and length; Go's complaint about one
  /^%(?:\d+\$|\([^)]*\))?[-+ #0]*(?:[1-9]\d*)?(?:\.\d+)?(?:hh|ll|[hljzqtL])?[a-z@]$/iu,
  /^%!.*$/su,
]

/** Values printed in place of an id: each language's own form, without what distinguishes two visitors for good. */
const printedValues: readonly RegExp[] = [
  // JavaScript: Object.prototype.toString, also after form encoding; util.inspect; symbols; source text
  /^\[object[ +].*\]$/isu,
  /^\[(?:(?:Async)?(?:Generator)?Function|class|Circular|Getter|Setter|String|Number|Boolean|Symbol|BigInt|Module|Arguments)\b.*\]$/su,
  /^Symbol\(.*\)$/su,
  /^(?:async\s+)?function\b.*\(.*$/su,
  // A bare `tenant=>42` is an id with a separator.
  /^(?:async\s+)?\([^()]*\)\s*=>.*$/su,
  /^(?:async\s+)?[\p{L}_$][\p{L}\p{N}_$]*(?:\s+=>|=>\s|=>[^.([{]*[.([{]).*$/su,
  /^class\b.*\{.*\}$/su,
  // a call or a method in place of its result: getUserId(), id() { … }; Scala's List(), Python's set()
  /^(?:new )?[\p{L}_][\p{L}\p{N}_.]*\(\)(?:\s*\{.*\})?$/su,
  // Java: class name and hash; arrays; futures, lambdas, coroutines. Without a package, Anna@12345 and anna@cafe are ids.
  /^(?:[\p{L}_$][\p{L}\p{N}_$]*\.)+(?:[\p{Lu}_$]|\p{L}[\p{L}\p{N}_]*\$)[\p{L}\p{N}_$]*(?:\/0x[0-9a-f]+)?(?:\{\w+\})?@(?=[a-f]*\d)[0-9a-f]{5,8}(?:\[.*\])?$/su,
  /^[\p{Lu}_$][\p{L}\p{N}_$]*(?:\{\w+\})?@(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{5,8}(?:\[.*\])?$/su,
  /^\[+(?:[BCDFIJSZ]|L[\w.$]+;)@[0-9a-f]{1,8}$/u,
  // Java, Kotlin, Scala: names of the languages' own classes; a class's text; Spring's; Reactor's
  /^(?:java\.(?:lang|util|io|nio|net|time|math|sql|text|security)|kotlinx?\.(?:Unit|Any|Result|Function|Lazy|coroutines|collections|jvm)|scala\.(?:None|Some|Option|Function|collection|concurrent|util|runtime)|org\.(?:springframework|hibernate)|reactor\.core)\b.*$/su,
  /^(?:class|interface|enum|record) (?:[\p{L}_$][\p{L}\p{N}_$]*\.)+[\p{L}_$][\p{L}\p{N}_$]*$/u,
  /^(?:Mono|Flux)(?:Array|Callable|Create|Defer|DeferContextual|Empty|Error|Filter|FilterFuseable|FlatMap|Just|Map|MapFuseable|Never|Next|OnErrorResume|PublishOn|SubscribeOn|SwitchIfEmpty|Zip)$/u,
  // Kotlin's functions
  /^(?:\(.*\) -> |Function\d+<).*$/su,
  // Java, Swift, Scala, Rust: a value that was not unwrapped
  /^(?:Optional(?:Int|Long|Double)?|Some|Just|Ok|Err|Left|Right|Success|Failure|Future)[([].*[)\]]$/su,
  /^(?:Swift\.)?(?:Optional|Option|Maybe|Promise|Future|Task|Observable|Mono|Flux|List|Array|Set|Map)<.*>.*$/su,
  // .NET's type names: its own, and those of an application by the names that its folders have
  /^(?:[\p{L}_][\p{L}\p{N}_]*\.)*[\p{L}_][\p{L}\p{N}_+]*`\d+(?:\[.*\])?$/su,
  /^System\.(?:Object|String|Array|Enum|IO|Action|Char|Byte|Boolean|U?Int(?:16|32|64)|Single|Double|Decimal|Guid|DateTime|DBNull|Nullable|Uri|Type|RuntimeType|Lazy|Func|Action|Tuple|ValueTuple|Void|Exception|Threading|Collections|Linq|Security|Reflection|Net|Web|Text|Data|Runtime|Dynamic|Xml)\b.*$/su,
  /^(?:Microsoft\.(?:AspNet(?:Core)?|Extensions|EntityFramework(?:Core)?|CodeAnalysis|IdentityModel)|Castle\.Proxies|Newtonsoft\.Json)\..*$/su,
  /^(?:\p{Lu}[\p{L}\p{N}_]*\.)+(?:Models|ViewModels|Entities|Dtos)\.\p{Lu}[\p{L}\p{N}_.+]*$/u,
  /^(?:\p{Lu}[\p{L}\p{N}_]*\.)+(?:Application|App|Identity|Current|Customer)?User(?:Id|Dto|Model|Entity|ViewModel)?$/u,
  // a claim's type in place of its value
  /^http:\/\/schemas\.(?:xmlsoap\.org|microsoft\.com)\/.*\/claims\/\w+(?:: ?)?$/u,
  // PHP: class names; calls; resources, var_dump, print_r, serialize
  /^\\?(?:App|Domain|Doctrine|Illuminate|Laravel|Proxies|Symfony)\\+[\p{L}_]\w*\\.*$/su,
  /^(?:class|\w+(?:\\\w+)+)@anonymous\b.*$/su,
  /^[\p{L}_\\][\w\\]*(?:\(\))?(?:(?:::|->)\$?\w+)*(?:::|->)\w+\(.*\).*$/su,
  /^[\p{L}_]\w*\(\)(?:->|\.|::).*$/su,
  /^(?:bool|int|float|string|enum)\(.*\)(?: ".*")?$/su,
  /^[\w\\]+ Object ?\(.*\)$/su,
  /^(?:b:[01];|[id]:-?0;|s:\d+:".*";|a:\d+:\{.*\})$/su,
  /^resource(?: id #|\()\d+.*$/isu,
  /^(?:array|object) ?\(.*\).*$/isu,
  /^O:\d+:".*$/su,
  // Python: bytes, unicode, tuples of one, pandas; Django's default text of a model, and of a manager
  /^[bu](?:'.*'|".*")$/su,
  /^\(.*,\)$/su,
  /^(?:NaT|pd\.NA|.*dtype: \w+\)?|(?:deque|dict_\w+|frozenset|defaultdict)\([[<{].*\))$/su,
  /^(?:Decimal|UUID|ObjectId|BigInt|Number|String|Guid)\((?:["']?(?:[0-]*|null|undefined|none|nan)["']?)\)$/iu,
  /^[a-z_]\w*\.[A-Z]\w*\.None$/u,
  /^[\p{L}_][\p{L}\p{N}_]* object \(.*\)$/su,
  // Go: maps, structs, pointers (an address is used again for the next visitor), sql.Null… without a value
  /^map\[.*\].*$/su,
  /^\[\][\p{L}*].*$/su,
  /^\(\*[\w.]+\)\(.*\)$/su,
  /^(?:func\(.*|context\.(?:Background|TODO)\b.*)$/su,
  /^&(?:[\w.]+)?\{.*\}$/su,
  /^[a-z]\w*\.[A-Z]\w*\{.*\}$/su,
  /^0xc0[0-9a-f]{8}$/u,
  /^\{\S* false\}$/u,
  // Elixir, Perl, Lua, Dart, Active Record
  /^\{:(?:ok|error)\b.*\}$/su,
  /^(?:[\w:]+=)?(?:HASH|ARRAY|CODE|SCALAR|REF|GLOB)\(0x[0-9a-f]+\)$/u,
  /^(?:table|function|userdata): (?:builtin: )?0x[0-9a-f]+$/u,
  /^(?:Instance of '.*'|Closure: .*)$/su,
  /^(?:\w+::)*ActiveRecord(?:::|_)\w+$/u,
  // SQL
  /^(?:null::(?:text|uuid|int\d?|integer|bigint|varchar|unknown)|\(\d+ rows?\)|nextval\(.*\)|\w+\.(?:next|curr)val)$/iu,
  // objects with their fields: User { id: 42 }, User(id=42), User[id=42], User{id=42}, {"id": 42}, {id=42}, {:id=>42}
  /^[\p{L}_][\p{L}\p{N}_.]*(?:\(\d+\))? \{.*\}$/su,
  /^[\p{L}_][\p{L}\p{N}_.]*[([{][\p{L}_][\p{L}\p{N}_]*(?:=|: ).*[)\]}]$/su,
  /^\w+(?:Token|Principal|Authentication|Details) \[.*\]$/su,
  /^\[Object: null prototype\].*$/su,
  /^\{ ?:?["']?[\p{L}_][\p{L}\p{N}_]*["']? ?(?:=>|[:=]).*\}$/su,
]

/** Source text: where the id should have been read from. */
const expressions: readonly RegExp[] = [
  /^(?:this|self|req|request|res|response|session|window|state|props|ctx|context|nil|auth|(?:current_?)?(?:user|customer|member|account)s?)[?!]*\.(?:(?:user|current_?user|session|auth|passport|profile|props|state|data|attributes|identity|details|account|customer)[?!]*\.)*(?:id|uid|uuid|sub|user|user_?id|user_?name|customer_?id|to_s)$/iu,
  /^(?:process|import\.meta)\.env\.\w+$/u,
  /^(?:document\.cookie|(?:localStorage|sessionStorage)[.[].*)$/su,
  /^[\p{L}_$][\p{L}\p{N}_$.]*\[(?:"[^"]*"|'[^']*'|:\w+)\](?:\.\w+)*$/u,
  /^\w+\[\d\]\.(?:id|uid|uuid|user_?id|user|sub)$/iu,
]

/** Messages of errors, in place of the value that was asked for. */
const messages: readonly RegExp[] = [
  /^(?:Uncaught )?(?:\w+(?:\.|\\|::))*\w*(?:Error|Exception): .*$/su,
  /^(?:Uncaught )?(?:(?:\w+(?:\.|\\|::))+\w*(?:Error|Exception)|(?:Type|Reference|Syntax|Range|Key|Value|Name|Attribute|Index|NoMethod|Argument|Runtime)?Error|Null(?:Pointer|Reference)Exception)$/u,
  /^(?:PHP )?(?:<b>)?(?:Warning|Notice|Deprecated|Fatal error|Parse error)(?:<\/b>)?:.*$/su,
  /^undefined (?:variable|index|array key|offset|property|method|local variable|constant)\b.*$/isu,
  /^(?:translation missing:|Liquid error|Traceback \(|sql: |rpc error: |null check operator|type '.*' is not a).*$/isu,
  /^(?:cannot (?:read|invoke|access|find|get|call)|object reference not set|object of class|array to string)\b.*$/isu,
  /^(?:record not found|context (?:canceled|deadline exceeded)|(?:access|permission)[ _]denied|unexpected eof)$/iu,
  /^(?:HTTP\/[\d.]+ )?(?:[45]\d\d )?(?:bad request|unauthorized|forbidden|not found|too many requests|internal server error|bad gateway|service unavailable|gateway timeout)$/iu,
]

/** What is left of an id in a script that an encoding does not have, or behind a mask: one text for many visitors. */
const lostTexts: readonly RegExp[] = [
  // A mark alone, or twice: the separator between two parts that were not there. `:` and `%` have always passed.
  /^(?![:%]$)(?<mark>[\p{P}$+<=>^`|~])\k<mark>?$/u,
  /^(?:\.\.\.|["']{2};)$/u,
  /^[? ]*\?[? ]*$/u,
  /^[*•●]+$/u,
  // Zero as a number with a fraction or a sign; a null pointer, also as an address on a chain; the first day of a calendar.
  /^(?:[+-]?0(?:[.,]0+)?|0x0+|\{0x0{8},.*\})$/u,
  /^(?:0?1[./-]0?1[./-](?:0001|1970)|(?:0000|0001|1970)-0[01]-0[01])(?:[T ].*)?$/u,
  /^Thu,? (?:Jan 0?1 .*1970.*|0?1 Jan 1970 .*)$/u,
  // Two values put together: undefined + null
  /^(?:undefined|null|NULL|NaN|None|nil)+$/u,
  // What a person was to put in: YOUR_USER_ID_HERE, replace-me
  /^(?:(?:your|insert|enter|put|set|replace(?:[ _-]?with)?|change)[ _-])+(?:(?:your|the|external|unique|user|customer|client|visitor|member|account)[ _-]?)*(?:me|id|identifier|name|value)?(?:[ _-]?here)?$/iu,
  /^(?:user|customer|client|visitor|member|account)[ _-]?id[ _-]here$/iu,
  /^x{3,16}$/iu,
  /^[[(*]+(?:redacted|filtered|masked|hidden|removed|deleted|truncated|sanitized|sensitive|protected|secret|email[\s-]protected)[\])*]+$/iu,
]

/** One expression for all that have the same flags: it takes a fifth of the time that they take one by one. */
const forms: readonly RegExp[] = [
  ...Map.groupBy([templates, printedValues, expressions, messages, lostTexts].flat(), ({ flags }) => flags),
].map(([flags, alike]) => new RegExp(alike.map(({ source }) => source).join('|'), flags))

/**
 * True for a text that has the form of a template, of a value that is no text, or of a lost text.
 * Each expression is anchored and takes time linear in the text's length, or length times a small number.
 */
export function hasPlaceholderForm(text: string): boolean {
  return forms.some((form) => form.test(text))
}
