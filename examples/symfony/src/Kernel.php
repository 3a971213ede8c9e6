<?php
declare(strict_types=1);

namespace App;

use Symfony\Bundle\FrameworkBundle\FrameworkBundle;
use Symfony\Bundle\FrameworkBundle\Kernel\MicroKernelTrait;
use Symfony\Component\DependencyInjection\Loader\Configurator\ContainerConfigurator;
use Symfony\Component\HttpKernel\Kernel as BaseKernel;
use Symfony\Component\Routing\Loader\Configurator\RoutingConfigurator;

/** A shop's settings, services and routes. */
final class Kernel extends BaseKernel
{
    use MicroKernelTrait;

    public function registerBundles(): iterable
    {
        yield new FrameworkBundle();
    }

    public function getProjectDir(): string
    {
        return dirname(__DIR__);
    }

    protected function configureContainer(ContainerConfigurator $container): void
    {
        $container->extension('framework', [
            'http_method_override' => false,
            'session' => [
                'storage_factory_id' => 'session.storage.factory.native',
                'name' => 'session',
                'cookie_httponly' => true,
                'cookie_samesite' => 'lax',
                // Secure where the browser speaks TLS, by the word of the proxy.
                'cookie_secure' => 'auto',
            ],
            'trusted_proxies' => '127.0.0.1',
            'trusted_headers' => ['x-forwarded-proto'],
        ]);
        $container->parameters()
            ->set('env(PADLOCK_CALLER_KEY_FILE)', '%kernel.project_dir%/caller-key.pem')
            ->set('env(SHOP_ORIGIN)', 'http://127.0.0.1:8080');
        $services = $container->services()->defaults()->autowire();
        $services->set(PadlockTokens::class)
            ->arg('$padlockUrl', '%env(PADLOCK_URL)%')
            ->arg('$callerIssuer', '%env(PADLOCK_CALLER_ISSUER)%')
            ->arg('$callerKeyFile', '%env(PADLOCK_CALLER_KEY_FILE)%');
        $services->set(ShopController::class)
            ->arg('$shopOrigin', '%env(SHOP_ORIGIN)%')
            ->arg('$usersFile', '%kernel.project_dir%/users.json')
            ->tag('controller.service_arguments');
    }

    protected function configureRoutes(RoutingConfigurator $routes): void
    {
        $routes->add('login', '/login')->controller([ShopController::class, 'logIn'])->methods(['POST']);
        $routes->add('logout', '/logout')->controller([ShopController::class, 'logOut'])->methods(['POST']);
        $routes->add('chat_token', '/chat-token')->controller([ShopController::class, 'chatToken']);
    }
}
