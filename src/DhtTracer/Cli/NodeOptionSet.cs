using System.CommandLine;
using System.CommandLine.Parsing;
using DhtTracer.Kademlia;
using DhtTracer.Kubo;
using DhtTracer.Node;

namespace DhtTracer.Cli;

/// <summary>Options that <c>node</c> and <c>query</c> share.</summary>
internal sealed class NodeOptionSet
{
    private readonly Option<string[]> listen = new("--listen") { Description = "Multiaddr to listen on, such as /ip4/0.0.0.0/tcp/4001. Repeatable; a free port of 127.0.0.1 when it is not given.", HelpName = "ADDR" };
    private readonly Option<string[]> bootstrap = new("--bootstrap") { Description = "Peer to begin with, an address that ends in /p2p/ID. Repeatable; the public IPFS network when none is given.", HelpName = "ADDR" };
    private readonly Option<FileInfo?> bootstrapFile = new("--bootstrap-file") { Description = "File with a bootstrap peer per line, as 'localnet' writes it.", HelpName = "FILE" };
    private readonly Option<FileInfo?> identity = new("--identity") { Description = "File of the private key, made when it is not there. A new identity when it is not given.", HelpName = "FILE" };
    private readonly Option<string> protocol = new("--protocol") { Description = "Protocol of the DHT.", HelpName = "ID", DefaultValueFactory = _ => DhtOptions.AminoProtocol };
    private readonly Option<string> validation = Validation();
    private readonly Option<int> alpha = Number("--alpha", "Requests in flight at most.", 10);
    private readonly Option<int> beta = Number("--beta", "Closest peers that must have answered before a lookup ends.", 3);
    private readonly Option<int> k = Number("--k", "Bucket size, and width of a result.", 20);
    private readonly Option<ShownDuration> dialTimeout = CommonOptions.Duration("--dial-timeout", "Longest time of a dial.", TimeSpan.FromSeconds(5), "5s");
    private readonly Option<ShownDuration> requestTimeout = CommonOptions.Duration("--request-timeout", "Longest time of a request.", TimeSpan.FromSeconds(10), "10s");
    private readonly Option<ShownDuration> timeout = CommonOptions.Duration("--timeout", "Longest time of a query.", TimeSpan.FromSeconds(60), "60s");
    private readonly Option<bool> allowPrivate = new("--allow-private") { Description = "Dial private and loopback addresses; on by itself when a bootstrap peer has one." };
    private readonly Option<Uri?> endpoint = new("--otlp-endpoint")
    {
        Description = "Where spans go by OTLP. OTEL_EXPORTER_OTLP_ENDPOINT, else http://127.0.0.1:4317 when it is not given; all OTEL_* variables of the exporter are honoured.",
        HelpName = "URL",
        CustomParser = UrlValue.Parse,
    };

    private readonly Option<Uri?> site = new("--site") { Description = "Address of the site, for permalinks; http://127.0.0.1:5080 when it is not given.", HelpName = "URL", CustomParser = UrlValue.Parse };

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All =>
        [listen, bootstrap, bootstrapFile, identity, protocol, validation, alpha, beta, k, dialTimeout, requestTimeout, timeout, allowPrivate, endpoint, site];

    /// <summary>The options as they were given.</summary>
    /// <exception cref="CommandFailedException">The bootstrap file cannot be read, or the parameters do not fit together.</exception>
    public NodeOptions Read(ParseResult result, DhtMode mode)
    {
        var peers = new List<string>(result.GetValue(bootstrap) ?? []);
        if (result.GetValue(bootstrapFile) is { } file)
        {
            peers.AddRange(ReadPeers(file));
        }

        var defaults = new NodeOptions();
        return new NodeOptions
        {
            Listen = result.GetValue(listen) is { Length: > 0 } addresses ? addresses : defaults.Listen,
            Bootstrap = peers.Count > 0 ? peers : defaults.Bootstrap,
            IdentityFile = result.GetValue(identity)?.FullName,
            AllowPrivateAddresses = result.GetValue(allowPrivate) ? true : null,
            Dht = new DhtOptions
            {
                Mode = mode,
                Protocol = result.GetValue(protocol)!,
                Validation = result.GetValue(validation) == "none" ? RecordValidation.None : RecordValidation.Libp2p,
                Lookup = new LookupParameters(result.GetValue(alpha), result.GetValue(beta), result.GetValue(k)),
                DialTimeout = result.GetValue(dialTimeout),
                RequestTimeout = result.GetValue(requestTimeout),
                QueryTimeout = result.GetValue(timeout),
            },
            Export = new SpanExportOptions { Endpoint = result.GetValue(endpoint) },
            Site = result.GetValue(site) ?? defaults.Site,
        };
    }

    /// <summary>Those of the options that a query at a Kubo has too: where its spans and the permalink go, and the time limit when it was given.</summary>
    public KuboQueryOptions ReadKubo(ParseResult result) => new()
    {
        Command = [],
        Timeout = result.GetResult(timeout) is { Implicit: false } ? (TimeSpan)result.GetValue(timeout) : null,
        Endpoint = result.GetValue(endpoint),
        Site = result.GetValue(site) ?? new NodeOptions().Site,
    };

    private static List<string> ReadPeers(FileInfo file)
    {
        try
        {
            return [.. File.ReadLines(file.FullName).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException($"The bootstrap file cannot be read: {failure.Message}", cause: failure);
        }
    }

    private static Option<string> Validation()
    {
        var option = new Option<string>("--validation")
        {
            Description = "Which records are valid: libp2p takes /ipns/, /pk/ and /v/; none takes any key and value, as on Substrate networks.",
            HelpName = "RULES",
            DefaultValueFactory = _ => "libp2p",
        };
        option.AcceptOnlyFromAmong("libp2p", "none");
        return option;
    }

    private static Option<int> Number(string name, string description, int defaultValue)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => defaultValue };
        option.Within(1, 1000);
        return option;
    }
}
