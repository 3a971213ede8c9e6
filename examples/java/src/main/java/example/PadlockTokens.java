package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Map;
import java.util.Optional;

/** Tokens for visitors who are logged in. One instance serves all threads. */
public final class PadlockTokens {
    private static final System.Logger LOG = System.getLogger("padlock");
    private static final int LIFE_SECONDS = 300;

    private final ObjectMapper json = new ObjectMapper();
    private final HttpClient client = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(Duration.ofSeconds(1))
        .build();
    private final URI address;
    private final String issuer;
    private final RSASSASigner signer;
    private String callerJwt;
    private Instant goodUntil = Instant.MIN;

    /** @param keyFile the private key with which this backend signs its JWTs for Padlock: PKCS#8, PEM */
    public PadlockTokens(String padlockUrl, String issuer, Path keyFile) throws IOException, GeneralSecurityException {
        this.address = URI.create(padlockUrl + "/v1/profiles/default/tokens");
        this.issuer = issuer;
        String base64 = Files.readString(keyFile).replaceAll("-----[A-Z ]+-----|\\s", "");
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(base64));
        this.signer = new RSASSASigner(KeyFactory.getInstance("RSA").generatePrivate(spec));
    }

    /** The JWT by which Padlock knows this backend; it is made anew a minute before it runs out. */
    private synchronized String callerJwt() throws JOSEException {
        Instant now = Instant.now();
        if (now.isAfter(goodUntil)) {
            Instant expiry = now.plusSeconds(LIFE_SECONDS);
            SignedJWT jwt = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.RS256).type(JOSEObjectType.JWT).build(),
                new JWTClaimsSet.Builder()
                    .issuer(issuer)
                    .subject("shop-backend")
                    .audience("padlock")
                    .claim("scope", "issue:default")
                    .issueTime(Date.from(now))
                    .expirationTime(Date.from(expiry))
                    .build());
            jwt.sign(signer);
            callerJwt = jwt.serialize();
            goodUntil = expiry.minusSeconds(60);
        }
        return callerJwt;
    }

    /**
     * A token; empty when there is none to be had now.
     *
     * @param visitorData what the agent is to see, such as firstName and city
     */
    public Optional<String> token(String userId, Map<String, String> visitorData) throws InterruptedException {
        try {
            // As bytes: of half a surrogate pair, Java would make a "?" in a String's, and so change the id.
            byte[] body = json.writeValueAsBytes(Map.of("userId", userId, "visitorData", visitorData));
            HttpRequest request = HttpRequest.newBuilder(address)
                // Padlock answers within 2 seconds, with a token or with a code.
                .timeout(Duration.ofSeconds(3))
                .header("Authorization", "Bearer " + callerJwt())
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                .build();
            HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
            JsonNode answer = json.readTree(response.body());
            if (response.statusCode() == 200 && answer.path("token").isTextual()) {
                return Optional.of(answer.path("token").asText());
            }
            // These are fit for a log; the userId, the token and the JWT are not.
            StringBuilder faults = new StringBuilder();
            for (JsonNode fault : answer.path("errors")) {
                faults.append(", ").append(fault.path("pointer").asText()).append(' ').append(fault.path("code").asText());
            }
            LOG.log(System.Logger.Level.ERROR, "Padlock: {0} {1}, request {2}{3}", response.statusCode(),
                answer.path("code").asText(), answer.path("requestId").asText(), faults);
        } catch (IOException | JOSEException failure) {
            LOG.log(System.Logger.Level.ERROR, "Padlock: {0}", failure.getClass().getSimpleName());
        }
        return Optional.empty();
    }
}
