using System.CommandLine;
using System.Net;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Web.Access;

namespace DhtTracer.Cli;

/// <summary>The options of the main process about who may reach it: keys, login, provider, proxy, TLS.</summary>
internal sealed class AccessOptions
{
    /// <summary>The variable with the client secret, so that it stands in no list of processes.</summary>
    public const string SecretVariable = "DHT_TRACER_OIDC_SECRET";

    private const int MaxRate = 1_000_000;
    private const int MaxSecret = 4_096;

    private readonly Option<bool> _insecure = new("--insecure")
    {
        Description = "Let everyone in who reaches the ports, without a key or login.",
    };

    private readonly Option<bool> _login = new("--login")
    {
        Description = "Require keys and a login on loopback addresses, too, such as behind a proxy on this machine.",
    };

    private readonly Option<string[]> _openWithoutKey = new("--open-without-key")
    {
        Description =
            "Port that takes requests without a key, such as zipkin or jaeger-compact. UDP, sampling and health stay on loopback without "
            + "it. Repeatable.",
        HelpName = "PORT",
    };

    private readonly Option<ShownDuration> _session = CommonOptions.Duration(
        "--session",
        "How long a login lasts without a request.",
        new AccessRules().Session,
        "12h"
    );

    private readonly Option<int> _ingestRate = new("--ingest-rate")
    {
        Description = "Requests a second of one ingest key.",
        HelpName = "NUMBER",
        DefaultValueFactory = static _ => new AccessRules().IngestRate,
    };

    private readonly Option<int> _siteRate = new("--site-rate")
    {
        Description = "Requests a second of one reader or operator, or of one address without a key.",
        HelpName = "NUMBER",
        DefaultValueFactory = static _ => new AccessRules().SiteRate,
    };

    private readonly Option<Uri?> _authority = new("--oidc-authority")
    {
        Description = "OpenID Connect provider that logs readers and operators in. Register the redirect address URL/signin-oidc there.",
        HelpName = "URL",
        CustomParser = UrlValue.Parse,
    };

    private readonly Option<string?> _client = new("--oidc-client")
    {
        Description = "Id under which the provider knows this site.",
        HelpName = "ID",
    };

    private readonly Option<string?> _secretFile = new("--oidc-secret-file")
    {
        Description = $"File with the client secret; or the variable {SecretVariable}.",
        HelpName = "FILE",
    };

    private readonly Option<string> _roleClaim = new("--oidc-role-claim")
    {
        Description = "Claim whose values decide who may log in.",
        HelpName = "NAME",
        DefaultValueFactory = static _ => "roles",
    };

    private readonly Option<string[]> _readers = new("--oidc-reader")
    {
        Description = "Value of the claim that makes a reader; * for everyone with an account. Repeatable.",
        HelpName = "VALUE",
    };

    private readonly Option<string[]> _operators = new("--oidc-operator")
    {
        Description = "Value of the claim that makes an operator; * for everyone with an account. Repeatable.",
        HelpName = "VALUE",
    };

    private readonly Option<Uri[]> _publicUrl = new("--public-url")
    {
        Description = "Address under which browsers reach the site through a proxy, such as https://traces.example. Repeatable.",
        HelpName = "URL",
        CustomParser = ParseUrls,
    };

    private readonly Option<IPNetwork[]> _proxy = new("--proxy")
    {
        Description = "Proxy whose X-Forwarded-* headers are believed, as an address or network such as 10.0.0.0/8. Repeatable.",
        HelpName = "CIDR",
        CustomParser = ParseNetworks,
    };

    private readonly Option<string?> _certificate = new("--tls-certificate")
    {
        Description = "PEM file of the certificate and its chain, for all ports but health. A renewed file is used within a minute.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _key = new("--tls-key") { Description = "PEM file of the certificate's key.", HelpName = "FILE" };

    /// <summary>Makes the options.</summary>
    public AccessOptions()
    {
        _ingestRate.Within(1, MaxRate);
        _siteRate.Within(1, MaxRate);
    }

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All =>
        [
            _insecure,
            _login,
            CommonOptions.KeyFile,
            _openWithoutKey,
            _session,
            _ingestRate,
            _siteRate,
            _authority,
            _client,
            _secretFile,
            _roleClaim,
            _readers,
            _operators,
            _publicUrl,
            _proxy,
            _certificate,
            _key,
        ];

    /// <summary>Adds what was given to the options of the main process.</summary>
    /// <exception cref="CommandFailedException">Options that belong together are missing, or the file of the secret cannot be read.
    /// </exception>
    public ServerOptions AddTo(ServerOptions options, ParseResult result) =>
        options with
        {
            Insecure = result.GetValue(_insecure),
            Login = result.GetValue(_login),
            KeyFile = result.GetValue(CommonOptions.KeyFile),
            OpenWithoutKey = result.GetValue(_openWithoutKey) ?? [],
            Session = result.GetValue(_session)!.Value,
            IngestRate = result.GetValue(_ingestRate),
            SiteRate = result.GetValue(_siteRate),
            OpenId = Provider(result),
            PublicUrls = result.GetValue(_publicUrl) ?? [],
            Proxies = result.GetValue(_proxy) ?? [],
            TlsFiles = (result.GetValue(_certificate), result.GetValue(_key)) switch
            {
                (null, null) => null,
                ({ } certificate, { } key) => (Path.GetFullPath(certificate), Path.GetFullPath(key)),
                _ => throw new CommandFailedException("--tls-certificate and --tls-key belong together: give both.", ExitCode.Usage),
            },
        };

    private OpenIdRules? Provider(ParseResult result)
    {
        var client = result.GetValue(_client);
        string[] readers = result.GetValue(_readers) ?? [];
        string[] operators = result.GetValue(_operators) ?? [];
        if (result.GetValue(_authority) is not { } authority)
        {
            return client is null && readers.Length + operators.Length == 0
                ? null
                : throw new CommandFailedException("The options --oidc-* need --oidc-authority URL.", ExitCode.Usage);
        }

        if (client is null || readers.Length + operators.Length == 0)
        {
            throw new CommandFailedException(
                "--oidc-authority needs --oidc-client ID, and --oidc-reader or --oidc-operator: the values of the claim that let "
                    + "somebody in.",
                ExitCode.Usage
            );
        }

        return new OpenIdRules
        {
            Authority = authority,
            ClientId = client,
            ClientSecret = Secret(result.GetValue(_secretFile)),
            RoleClaim = result.GetValue(_roleClaim)!,
            Readers = readers,
            Operators = operators,
        };
    }

    private static string? Secret(string? file)
    {
        if (file is null)
        {
            return Environment.GetEnvironmentVariable(SecretVariable) is { Length: > 0 } secret ? secret : null;
        }

        try
        {
            return File.ReadAllText(file) is { Length: > 0 and <= MaxSecret } text
                ? text.Trim()
                : throw new CommandFailedException($"{file} is empty, or longer than a client secret can be.", ExitCode.Usage);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"The client secret cannot be read from {file}: {error.Message}", ExitCode.Usage, error);
        }
    }

    private static Uri[] ParseUrls(System.CommandLine.Parsing.ArgumentResult result)
    {
        var urls = new List<Uri>();
        foreach (var token in result.Tokens)
        {
            if (Uri.TryCreate(token.Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.PathAndQuery == "/")
            {
                urls.Add(url);
            }
            else
            {
                result.AddError("--public-url takes an http or https address without a path, such as https://traces.example.");
            }
        }

        return [.. urls];
    }

    private static IPNetwork[] ParseNetworks(System.CommandLine.Parsing.ArgumentResult result)
    {
        var networks = new List<IPNetwork>();
        foreach (var token in result.Tokens)
        {
            if (IPNetwork.TryParse(token.Value, out var network))
            {
                networks.Add(network);
            }
            else if (IPAddress.TryParse(token.Value, out var address))
            {
                networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            }
            else
            {
                result.AddError("--proxy takes an address or a network, such as 10.0.0.7 or 10.0.0.0/8.");
            }
        }

        return [.. networks];
    }
}
