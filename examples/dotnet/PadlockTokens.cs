// Not compiled here: it is parsed, but never ran. Try it before you rely on it.

using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Example;

/// <summary>Tokens for visitors who are logged in. One instance serves all requests.</summary>
public sealed class PadlockTokens
{
    private const int LifeSeconds = 300;
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);
    private static readonly UTF8Encoding Utf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>What Padlock answers: a token, or why there is none.</summary>
    private sealed record Answer(string? Token, string? Code, string? RequestId, Fault[]? Errors);

    private sealed record Fault(string? Pointer, string? Code);

    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        // Padlock answers within 2 seconds, with a token or with a code.
        Timeout = TimeSpan.FromSeconds(3),
    };
    private readonly ILogger<PadlockTokens> logger;
    private readonly string address;
    private readonly string issuer;
    private readonly RSA key = RSA.Create();
    private readonly object turn = new();
    private string callerJwt = "";
    private long goodUntil;

    public PadlockTokens(IConfiguration configuration, ILogger<PadlockTokens> logger)
    {
        this.logger = logger;
        string Variable(string name) => configuration[name] ?? throw new InvalidOperationException($"{name} is not set");
        address = $"{Variable("PADLOCK_URL").TrimEnd('/')}/v1/profiles/default/tokens";
        issuer = Variable("PADLOCK_CALLER_ISSUER");
        // The private key with which this backend signs its JWTs for Padlock.
        key.ImportFromPem(File.ReadAllText(configuration["PADLOCK_CALLER_KEY_FILE"] ?? "caller-key.pem"));
    }

    /// <summary>The JWT by which Padlock knows this backend; it is made anew a minute before it runs out.</summary>
    private string CallerJwt()
    {
        lock (turn)
        {
            long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            if (now >= goodUntil)
            {
                long exp = now + LifeSeconds;
                string header = Base64Url(new { alg = "RS256", typ = "JWT" });
                string claims = Base64Url(
                    new { iss = issuer, sub = "shop-backend", aud = "padlock", scope = "issue:default", iat = now, exp });
                byte[] signingInput = Encoding.ASCII.GetBytes($"{header}.{claims}");
                byte[] signature = key.SignData(signingInput, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
                callerJwt = $"{header}.{claims}.{WebEncoders.Base64UrlEncode(signature)}";
                goodUntil = exp - 60;
            }
            return callerJwt;
        }
    }

    private static string Base64Url(object part) =>
        WebEncoders.Base64UrlEncode(JsonSerializer.SerializeToUtf8Bytes(part));

    /// <summary>A token; null when there is none to be had now.</summary>
    /// <param name="userId">the customer's id, from the shop's own session</param>
    /// <param name="visitorData">what the agent is to see, such as firstName and city</param>
    public async Task<string?> TokenAsync(string userId, IReadOnlyDictionary<string, string> visitorData)
    {
        try
        {
            // Of half a surrogate pair, the serializer would make U+FFFD, and so another id: this throws.
            Utf8.GetByteCount(userId);
            using var request = new HttpRequestMessage(HttpMethod.Post, address);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", CallerJwt());
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(new { userId, visitorData }));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using HttpResponseMessage response = await client.SendAsync(request);
            byte[] body = await response.Content.ReadAsByteArrayAsync();
            Answer? answer = JsonSerializer.Deserialize<Answer>(body, Web);
            int status = (int)response.StatusCode;
            if (status == 200 && answer?.Token is string token)
            {
                return token;
            }
            if (answer?.RequestId is null)
            {
                logger.LogError("Padlock: {Status}, and not as Padlock answers: PADLOCK_URL leads to something else", status);
                return null;
            }
            // These are fit for a log; the userId, the token and the JWT are not.
            string faults = string.Concat((answer.Errors ?? []).Select(fault => $", {fault.Pointer} {fault.Code}"));
            logger.LogError(
                "Padlock: {Status} {Code}, request {RequestId}{Faults}", status, answer.Code, answer.RequestId, faults);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or JsonException
            or CryptographicException or EncoderFallbackException)
        {
            logger.LogError("Padlock: {Failure}", failure.GetType().Name);
        }
        return null;
    }
}
