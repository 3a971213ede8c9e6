package example;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.servlet.http.HttpServletRequest;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.servlet.ServletContextInitializer;
import org.springframework.context.annotation.Bean;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpMethod;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.bind.annotation.SessionAttribute;

/** A shop's backend: its pages get their token for the chat from POST /chat-token. */
@SpringBootApplication
public class Shop {
    public static void main(String[] words) {
        SpringApplication.run(Shop.class, words);
    }

    /** The session's cookie is set in application.properties; Secure, unless this is a developer's machine. */
    @Bean
    ServletContextInitializer secureCookie(@Value("${SHOP_ORIGIN:http://127.0.0.1:8080}") String origin) {
        return context -> context.getSessionCookieConfig().setSecure(origin.startsWith("https:"));
    }
}

/** What stands for your shop's own customers. */
record Customer(String password, String userId, Map<String, String> visitorData) {}

record Credentials(String name, String password) {}

@RestController
class ShopController {
    private static final Logger LOG = LoggerFactory.getLogger(ShopController.class);

    private final Map<String, Customer> customers;
    private final PadlockTokens padlock;
    private final String shopOrigin;

    ShopController(
        ObjectMapper json,
        PadlockTokens padlock,
        @Value("${SHOP_ORIGIN:http://127.0.0.1:8080}") String shopOrigin
    ) throws IOException {
        this.customers = json.readValue(new File("users.json"), new TypeReference<>() {});
        this.padlock = padlock;
        this.shopOrigin = shopOrigin;
    }

    private static ResponseEntity<Map<String, String>> answer(int status, Map<String, String> body) {
        return ResponseEntity.status(status).cacheControl(CacheControl.noStore()).body(body);
    }

    /** Stands for your shop's own log-in. */
    @PostMapping("/login")
    ResponseEntity<Map<String, String>> logIn(@RequestBody Credentials given, HttpServletRequest request) {
        Customer customer = customers.get(given.name());
        if (customer == null || !MessageDigest.isEqual(bytes(customer.password()), bytes(given.password()))) {
            return answer(401, Map.of());
        }
        request.getSession().setAttribute("name", given.name());
        request.changeSessionId();
        return answer(200, Map.of());
    }

    @PostMapping("/logout")
    ResponseEntity<Map<String, String>> logOut(HttpServletRequest request) {
        request.getSession().invalidate();
        return answer(200, Map.of());
    }

    /** The userId comes from the session, and from nothing else that the browser sends. */
    @RequestMapping("/chat-token")
    ResponseEntity<Map<String, String>> chatToken(
        HttpMethod method,
        @RequestHeader(name = "Origin", required = false) String origin,
        @SessionAttribute(name = "name", required = false) String name
    ) {
        if (method != HttpMethod.POST) {
            return answer(405, Map.of());
        }
        // Browsers set Origin and no script can: a page of another site cannot ask in a visitor's name.
        if (!shopOrigin.equals(origin)) {
            LOG.error("/chat-token: 403, the page's origin is not SHOP_ORIGIN ({})", shopOrigin);
            return answer(403, Map.of());
        }
        Customer customer = name == null ? null : customers.get(name);
        if (customer == null) {
            return answer(401, Map.of());
        }
        Map<String, String> visitorData = Optional.ofNullable(customer.visitorData()).orElse(Map.of());
        return padlock.token(customer.userId(), visitorData)
            .map(token -> answer(200, Map.of("token", token)))
            .orElseGet(() -> answer(503, Map.of()));
    }

    private static byte[] bytes(String text) {
        return String.valueOf(text).getBytes(StandardCharsets.UTF_8);
    }
}
