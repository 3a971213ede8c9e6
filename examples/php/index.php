<?php
declare(strict_types=1);

require __DIR__ . '/padlock-token.php';

$shopOrigin = getenv('SHOP_ORIGIN') ?: 'http://127.0.0.1:8080';
session_set_cookie_params([
    'httponly' => true,
    'secure' => str_starts_with($shopOrigin, 'https:'),
    'samesite' => 'Lax',
]);
session_name('session');
ini_set('session.use_strict_mode', '1');
session_start();
// What stands for your shop's own customers.
$customers = json_decode(file_get_contents(__DIR__ . '/users.json'), true, flags: JSON_THROW_ON_ERROR);

function answer(int $status, array $body = []): never
{
    http_response_code($status);
    header('Cache-Control: no-store');
    header('Content-Type: application/json');
    exit(json_encode((object) $body, JSON_THROW_ON_ERROR));
}

/** Stands for your shop's own log-in. */
function logIn(array $customers): never
{
    $given = json_decode(file_get_contents('php://input'), true);
    $name = $given['name'] ?? '';
    if (!isset($customers[$name]) || !hash_equals($customers[$name]['password'], $given['password'] ?? '')) {
        answer(401);
    }
    session_regenerate_id(true);
    $_SESSION['name'] = $name;
    answer(200);
}

/** The userId comes from the session, and from nothing else that the browser sends. */
function chatToken(array $customers, string $shopOrigin): never
{
    if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
        answer(405);
    }
    // Browsers set Origin and no script can: a page of another site cannot ask in a visitor's name.
    if (($_SERVER['HTTP_ORIGIN'] ?? '') !== $shopOrigin) {
        error_log("/chat-token: 403, the page's origin is not SHOP_ORIGIN ($shopOrigin)");
        answer(403);
    }
    $customer = $customers[$_SESSION['name'] ?? ''] ?? null;
    if ($customer === null) {
        answer(401);
    }
    // Another page view of this visitor does not wait for this one.
    session_write_close();
    $token = padlockToken($customer['userId'], $customer['visitorData'] ?? []);
    if ($token === null) {
        answer(503);
    }
    answer(200, ['token' => $token]);
}

match ([$_SERVER['REQUEST_METHOD'], parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)]) {
    ['POST', '/login'] => logIn($customers),
    ['POST', '/logout'] => session_destroy() && answer(200),
    default => parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) === '/chat-token'
        ? chatToken($customers, $shopOrigin)
        : answer(404),
};
