// Not compiled here: it is parsed, but never ran. Try it before you rely on it.
// A shop's backend: its pages get their token for the chat from POST /chat-token.

using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Example;

var builder = WebApplication.CreateBuilder(args);
string shopOrigin = builder.Configuration["SHOP_ORIGIN"] ?? "http://127.0.0.1:8080";
builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration["PORT"] ?? "8080"}");
builder.Services.AddSingleton<PadlockTokens>();
var app = builder.Build();
// A key that cannot be read stops the start.
app.Services.GetRequiredService<PadlockTokens>();

// What stands for your shop's own customers and sessions: a random name in a cookie, and what it stands for, here.
var customers = JsonSerializer.Deserialize<Dictionary<string, Customer>>(
    File.ReadAllBytes("users.json"), new JsonSerializerOptions(JsonSerializerDefaults.Web))!;
var sessions = new ConcurrentDictionary<string, Customer>();
var cookie = new CookieOptions
{
    HttpOnly = true,
    Secure = shopOrigin.StartsWith("https:", StringComparison.Ordinal),
    SameSite = SameSiteMode.Lax,
};

static IResult Answer(HttpContext context, int status, string? token = null)
{
    context.Response.Headers.CacheControl = "no-store";
    var body = new Dictionary<string, string>();
    if (token is not null)
    {
        body["token"] = token;
    }
    return Results.Json(body, statusCode: status);
}

// Stands for your shop's own log-in.
app.MapPost("/login", (Credentials given, HttpContext context) =>
{
    if (!customers.TryGetValue(given.Name ?? "", out Customer? customer) || !SameText(customer.Password, given.Password ?? ""))
    {
        return Answer(context, 401);
    }
    string session = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
    sessions[session] = customer;
    context.Response.Cookies.Append("session", session, cookie);
    return Answer(context, 200);
});

app.MapPost("/logout", (HttpContext context) =>
{
    sessions.TryRemove(context.Request.Cookies["session"] ?? "", out _);
    return Answer(context, 200);
});

// The userId comes from the session, and from nothing else that the browser sends.
app.Map("/chat-token", async (HttpContext context, PadlockTokens padlock) =>
{
    if (!HttpMethods.IsPost(context.Request.Method))
    {
        return Answer(context, 405);
    }
    // Browsers set Origin and no script can: a page of another site cannot ask in a visitor's name.
    if (context.Request.Headers.Origin.ToString() != shopOrigin)
    {
        app.Logger.LogError("/chat-token: 403, the page's origin is not SHOP_ORIGIN ({Origin})", shopOrigin);
        return Answer(context, 403);
    }
    if (!sessions.TryGetValue(context.Request.Cookies["session"] ?? "", out Customer? customer))
    {
        return Answer(context, 401);
    }
    string? token = await padlock.TokenAsync(customer.UserId, customer.VisitorData ?? []);
    return Answer(context, token is null ? 503 : 200, token);
});

app.Run();

static bool SameText(string one, string other) =>
    CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));

record Customer(string Password, string UserId, Dictionary<string, string>? VisitorData);

record Credentials(string? Name, string? Password);
