package example;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.javalin.Javalin;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.ee10.servlet.SessionHandler;
import org.eclipse.jetty.http.HttpCookie;

/** A shop's backend: its pages get their token for the chat from POST /chat-token. */
public final class Shop {
    /** What stands for your shop's own customers. */
    record Customer(String password, String userId, Map<String, String> visitorData) {}

    private static final String ORIGIN = variable("SHOP_ORIGIN", "http://127.0.0.1:8080");

    private final Map<String, Customer> customers;
    private final PadlockTokens padlock;

    private Shop(Map<String, Customer> customers, PadlockTokens padlock) {
        this.customers = customers;
        this.padlock = padlock;
    }

    public static void main(String[] words) throws Exception {
        Map<String, Customer> customers = new ObjectMapper().readValue(Path.of("users.json").toFile(), new TypeReference<>() {});
        PadlockTokens padlock = new PadlockTokens(System.getenv("PADLOCK_URL"), System.getenv("PADLOCK_CALLER_ISSUER"),
            Path.of(variable("PADLOCK_CALLER_KEY_FILE", "caller-key.pem")));
        Shop shop = new Shop(customers, padlock);
        Javalin.create(config -> {
            config.startup.showJavalinBanner = false;
            config.jetty.modifyServletContextHandler(handler -> handler.setSessionHandler(sessions()));
            config.routes.post("/login", shop::logIn);
            config.routes.post("/logout", shop::logOut);
            config.routes.post("/chat-token", shop::chatToken);
            config.routes.get("/chat-token", context -> answer(context, 405, Map.of()));
        }).start("127.0.0.1", Integer.parseInt(variable("PORT", "8080")));
    }

    /** In production: a store that all of the shop's processes share. */
    private static SessionHandler sessions() {
        SessionHandler sessions = new SessionHandler();
        sessions.setSessionCookie("session");
        sessions.setHttpOnly(true);
        sessions.setSecureCookies(ORIGIN.startsWith("https:"));
        sessions.setSameSite(HttpCookie.SameSite.LAX);
        return sessions;
    }

    private static void answer(Context context, int status, Map<String, String> body) {
        context.status(status).header("Cache-Control", "no-store").json(body);
    }

    /** Stands for your shop's own log-in. */
    private void logIn(Context context) {
        Map<?, ?> given = context.bodyAsClass(Map.class);
        Customer customer = customers.get(String.valueOf(given.get("name")));
        if (customer == null || !MessageDigest.isEqual(bytes(customer.password()), bytes(given.get("password")))) {
            answer(context, 401, Map.of());
            return;
        }
        context.sessionAttribute("name", given.get("name"));
        context.req().changeSessionId();
        answer(context, 200, Map.of());
    }

    private void logOut(Context context) {
        context.req().getSession().invalidate();
        answer(context, 200, Map.of());
    }

    /** The userId comes from the session, and from nothing else that the browser sends. */
    private void chatToken(Context context) throws InterruptedException {
        // Browsers set Origin and no script can: a page of another site cannot ask in a visitor's name.
        if (!ORIGIN.equals(context.header("Origin"))) {
            answer(context, 403, Map.of());
            return;
        }
        String name = context.sessionAttribute("name");
        Customer customer = name == null ? null : customers.get(name);
        if (customer == null) {
            answer(context, 401, Map.of());
            return;
        }
        Map<String, String> visitorData = Optional.ofNullable(customer.visitorData()).orElse(Map.of());
        Optional<String> token = padlock.token(customer.userId(), visitorData);
        answer(context, token.isPresent() ? 200 : 503, token.map(text -> Map.of("token", text)).orElse(Map.of()));
    }

    private static byte[] bytes(Object text) {
        return String.valueOf(text).getBytes(StandardCharsets.UTF_8);
    }

    private static String variable(String name, String standard) {
        return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isEmpty()).orElse(standard);
    }
}
