<?php
declare(strict_types=1);

namespace App;

use Psr\Log\LoggerInterface;
use Symfony\Component\HttpFoundation\JsonResponse;
use Symfony\Component\HttpFoundation\Request;

/** Its pages get their token for the chat from POST /chat-token. */
final class ShopController
{
    private array $customers;

    public function __construct(
        private PadlockTokens $padlock,
        private LoggerInterface $logger,
        private string $shopOrigin,
        string $usersFile,
    ) {
        // What stands for your shop's own customers.
        $this->customers = json_decode(file_get_contents($usersFile), true, flags: JSON_THROW_ON_ERROR);
    }

    private function answer(int $status, array $body = []): JsonResponse
    {
        return new JsonResponse((object) $body, $status, ['Cache-Control' => 'no-store']);
    }

    /** Stands for your shop's own log-in. */
    public function logIn(Request $request): JsonResponse
    {
        $given = $request->toArray();
        $name = $given['name'] ?? '';
        if (!isset($this->customers[$name]) || !hash_equals($this->customers[$name]['password'], $given['password'] ?? '')) {
            return $this->answer(401);
        }
        $session = $request->getSession();
        // A session that has not started would keep the id that the browser brought.
        $session->start();
        $session->migrate(true);
        $session->set('name', $name);
        return $this->answer(200);
    }

    public function logOut(Request $request): JsonResponse
    {
        $session = $request->getSession();
        $session->start();
        $session->invalidate();
        return $this->answer(200);
    }

    /** The userId comes from the session, and from nothing else that the browser sends. */
    public function chatToken(Request $request): JsonResponse
    {
        if (!$request->isMethod('POST')) {
            return $this->answer(405);
        }
        // Browsers set Origin and no script can: a page of another site cannot ask in a visitor's name.
        if ($request->headers->get('Origin') !== $this->shopOrigin) {
            $this->logger->error("/chat-token: 403, the page's origin is not SHOP_ORIGIN ($this->shopOrigin)");
            return $this->answer(403);
        }
        $name = $request->hasPreviousSession() ? $request->getSession()->get('name') : null;
        $customer = $this->customers[$name ?? ''] ?? null;
        if ($customer === null) {
            return $this->answer(401);
        }
        // Another page view of this visitor does not wait for this one.
        $request->getSession()->save();
        $token = $this->padlock->token($customer['userId'], $customer['visitorData'] ?? []);
        return $token === null ? $this->answer(503) : $this->answer(200, ['token' => $token]);
    }
}
