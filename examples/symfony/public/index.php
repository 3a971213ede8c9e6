<?php
declare(strict_types=1);

use App\Kernel;
use Symfony\Component\HttpFoundation\Request;

// Debian's packages. With Composer's: require dirname(__DIR__) . '/vendor/autoload.php';
require 'Symfony/Bundle/FrameworkBundle/autoload.php';
require 'Symfony/Component/HttpClient/autoload.php';
foreach (glob(dirname(__DIR__) . '/src/*.php') as $file) {
    require $file;
}

$kernel = new Kernel('prod', false);
$request = Request::createFromGlobals();
$response = $kernel->handle($request);
$response->send();
$kernel->terminate($request, $response);
