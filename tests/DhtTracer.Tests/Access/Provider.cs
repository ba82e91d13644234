using System.Collections.Immutable;
using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace DhtTracer.Tests.Access;

/// <summary>A provider of OpenID Connect in this process: OpenIddict, with one client and one account that is always logged in.</summary>
internal sealed class Provider : IAsyncDisposable
{
    public const string Client = "dht-tracer-test";
    public const string Secret = "a secret of a client";

    private readonly WebApplication _app;

    private Provider(WebApplication app) => _app = app;

    /// <summary>The issuer.</summary>
    public Uri Authority => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    /// <summary>Values of the claim <c>groups</c> of the account.</summary>
    public ImmutableArray<string> Groups { get; set; } = [];

    /// <summary>Whether the last token request had a code verifier.</summary>
    public bool UsedPkce { get; private set; }

    public static async Task<Provider> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        Provider? provider = null;
        builder
            .Services.AddOpenIddict()
            .AddServer(server =>
            {
                server.EnableDegradedMode();
                server.SetAuthorizationEndpointUris("connect/authorize").SetTokenEndpointUris("connect/token");
                server.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange();
                server.RegisterScopes(Scopes.Profile);
                server.AddEphemeralEncryptionKey().AddEphemeralSigningKey();
                server.UseAspNetCore().DisableTransportSecurityRequirement();
                server.AddEventHandler<ValidateAuthorizationRequestContext>(static handler => handler.UseInlineHandler(Check));
                server.AddEventHandler<ValidateTokenRequestContext>(handler =>
                    handler.UseInlineHandler(context => provider!.Check(context))
                );
                server.AddEventHandler<HandleAuthorizationRequestContext>(handler =>
                    handler.UseInlineHandler(context => provider!.LogIn(context))
                );
            });
        builder.Services.AddRouting();
        builder.Services.AddAuthentication();
        var app = builder.Build();
        app.UseAuthentication();
        provider = new Provider(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return provider;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static ValueTask Check(ValidateAuthorizationRequestContext context)
    {
        if (context.ClientId != Client || context.RedirectUri?.EndsWith("/signin-oidc", StringComparison.Ordinal) != true)
        {
            context.Reject(Errors.InvalidClient);
        }

        return default;
    }

    private ValueTask Check(ValidateTokenRequestContext context)
    {
        UsedPkce = context.Request.CodeVerifier is { Length: > 0 };
        if (context.ClientId != Client || context.ClientSecret != Secret)
        {
            context.Reject(Errors.InvalidClient);
        }

        return default;
    }

    private ValueTask LogIn(HandleAuthorizationRequestContext context)
    {
        var account = new ClaimsIdentity("test", Claims.Name, Claims.Role);
        account.SetClaim(Claims.Subject, "account-1").SetClaim(Claims.Name, "Ann <b>").SetClaims("groups", Groups);
        account.SetDestinations(static _ => [Destinations.IdentityToken]);
        context.Principal = new ClaimsPrincipal(account);
        context.Principal.SetScopes(context.Request.GetScopes());
        return default;
    }
}
