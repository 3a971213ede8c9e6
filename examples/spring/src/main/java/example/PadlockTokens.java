package example;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.http.converter.HttpMessageConversionException;
import org.springframework.stereotype.Component;
import org.springframework.web.client.RestClient;
import org.springframework.web.client.RestClientException;

/** Tokens for visitors who are logged in. */
@Component
public class PadlockTokens {
    /** What Padlock answers: a token, or why there is none. */
    record Answer(String token, String code, String requestId, List<Fault> errors) {}

    record Fault(String pointer, String code) {}

    private static final Logger LOG = LoggerFactory.getLogger(PadlockTokens.class);
    private static final int LIFE_SECONDS = 300;

    private final RestClient client;
    private final String issuer;
    private final RSASSASigner signer;
    private String callerJwt;
    private Instant goodUntil = Instant.MIN;

    /** @param keyFile the private key with which this backend signs its JWTs for Padlock: PKCS#8, PEM */
    PadlockTokens(
        @Value("${PADLOCK_URL}") String padlockUrl,
        @Value("${PADLOCK_CALLER_ISSUER}") String issuer,
        @Value("${PADLOCK_CALLER_KEY_FILE:caller-key.pem}") String keyFile
    ) throws IOException, GeneralSecurityException {
        this.issuer = issuer;
        String base64 = Files.readString(Path.of(keyFile)).replaceAll("-----[A-Z ]+-----|\\s", "");
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(base64));
        this.signer = new RSASSASigner(KeyFactory.getInstance("RSA").generatePrivate(spec));
        HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(Duration.ofSeconds(1))
            .build();
        JdkClientHttpRequestFactory factory = new JdkClientHttpRequestFactory(http);
        // Padlock answers within 2 seconds, with a token or with a code.
        factory.setReadTimeout(Duration.ofSeconds(3));
        this.client = RestClient.builder().requestFactory(factory).baseUrl(padlockUrl.replaceAll("/+$", "")).build();
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
    public Optional<String> token(String userId, Map<String, String> visitorData) {
        try {
            return client.post()
                .uri("/v1/profiles/default/tokens")
                .header(HttpHeaders.AUTHORIZATION, "Bearer " + callerJwt())
                .contentType(MediaType.APPLICATION_JSON)
                .body(Map.of("userId", userId, "visitorData", visitorData))
                .exchange((request, response) -> read(response.getStatusCode().value(), response.bodyTo(Answer.class)));
        } catch (JOSEException | RestClientException | HttpMessageConversionException failure) {
            LOG.error("Padlock: {}", failure.getClass().getSimpleName());
            return Optional.empty();
        }
    }

    private static Optional<String> read(int status, Answer answer) {
        if (status == 200 && answer != null && answer.token() != null) {
            return Optional.of(answer.token());
        }
        if (answer == null || answer.requestId() == null) {
            LOG.error("Padlock: {}, and not as Padlock answers: PADLOCK_URL leads to something else", status);
            return Optional.empty();
        }
        // These are fit for a log; the userId, the token and the JWT are not.
        String faults = Optional.ofNullable(answer.errors()).orElse(List.of()).stream()
            .map(fault -> ", " + fault.pointer() + " " + fault.code())
            .collect(Collectors.joining());
        LOG.error("Padlock: {} {}, request {}{}", status, answer.code(), answer.requestId(), faults);
        return Optional.empty();
    }
}
