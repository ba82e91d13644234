using System.CommandLine;
using DhtTracer.Kademlia;
using DhtTracer.Kademlia.Lookups;
using DhtTracer.Kubo;
using DhtTracer.Node;
using DhtTracer.Output;

namespace DhtTracer.Cli;

/// <summary>Options that <c>node</c> and <c>query</c> share.</summary>
internal sealed class NodeOptionSet
{
    private readonly Option<string[]> _listen = new("--listen")
    {
        Description = "Multiaddr to listen on, such as /ip4/0.0.0.0/tcp/4001. Repeatable; a free port of 127.0.0.1 when it is not given.",
        HelpName = "ADDR",
    };
    private readonly Option<string[]> _bootstrap = new("--bootstrap")
    {
        Description = "Peer to begin with, an address that ends in /p2p/ID. Repeatable; the public IPFS network when none is given.",
        HelpName = "ADDR",
    };
    private readonly Option<FileInfo?> _bootstrapFile = new("--bootstrap-file")
    {
        Description = "File with a bootstrap peer per line, as 'localnet' writes it.",
        HelpName = "FILE",
    };
    private readonly Option<FileInfo?> _identity = new("--identity")
    {
        Description = "File of the private key, made when it is not there. A new identity when it is not given.",
        HelpName = "FILE",
    };
    private readonly Option<string> _protocol = new("--protocol")
    {
        Description = "Protocol of the DHT.",
        HelpName = "ID",
        DefaultValueFactory = _ => DhtOptions.AminoProtocol,
    };
    private readonly Option<string> _validation = Validation();
    private readonly Option<int> _alpha = Number("--alpha", "Requests in flight at most.", 10);
    private readonly Option<int> _beta = Number("--beta", "Closest peers that must have answered before a lookup ends.", 3);
    private readonly Option<int> _k = Number("--k", "Bucket size, and width of a result.", 20);
    private readonly Option<ShownDuration> _dialTimeout = CommonOptions.Duration(
        "--dial-timeout",
        "Longest time of a dial.",
        TimeSpan.FromSeconds(5),
        "5s"
    );
    private readonly Option<ShownDuration> _requestTimeout = CommonOptions.Duration(
        "--request-timeout",
        "Longest time of a request.",
        TimeSpan.FromSeconds(10),
        "10s"
    );
    private readonly Option<ShownDuration> _timeout = CommonOptions.Duration(
        "--timeout",
        "Longest time of a query.",
        TimeSpan.FromSeconds(60),
        "60s"
    );
    private readonly Option<bool> _allowPrivate = new("--allow-private")
    {
        Description = "Dial private and loopback addresses; on by itself when a bootstrap peer has one.",
    };
    private readonly Option<Uri?> _endpoint = new("--otlp-endpoint")
    {
        Description =
            "Where spans go by OTLP. OTEL_EXPORTER_OTLP_ENDPOINT, else http://127.0.0.1:4317 when it is not given; all OTEL_* "
            + "variables of the exporter are honoured.",
        HelpName = "URL",
        CustomParser = UrlValue.Parse,
    };

    private readonly Option<Uri?> _site = new("--site")
    {
        Description = "Address of the site, for permalinks; http://127.0.0.1:5080 when it is not given.",
        HelpName = "URL",
        CustomParser = UrlValue.Parse,
    };

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All =>
        [
            _listen,
            _bootstrap,
            _bootstrapFile,
            _identity,
            _protocol,
            _validation,
            _alpha,
            _beta,
            _k,
            _dialTimeout,
            _requestTimeout,
            _timeout,
            _allowPrivate,
            _endpoint,
            _site,
        ];

    /// <summary>The options given on the command line.</summary>
    /// <exception cref="CommandFailedException">The bootstrap file cannot be read, or the parameters contradict each other.</exception>
    public NodeOptions Read(ParseResult result, DhtMode mode)
    {
        var peers = new List<string>(result.GetValue(_bootstrap) ?? []);
        if (result.GetValue(_bootstrapFile) is { } file)
        {
            peers.AddRange(ReadPeers(file));
        }

        var defaults = new NodeOptions();
        return new NodeOptions
        {
            Listen = result.GetValue(_listen) is { Length: > 0 } addresses ? addresses : defaults.Listen,
            Bootstrap = peers.Count > 0 ? peers : defaults.Bootstrap,
            IdentityFile = result.GetValue(_identity)?.FullName,
            AllowPrivateAddresses = result.GetValue(_allowPrivate) ? true : null,
            Dht = new DhtOptions
            {
                Mode = mode,
                Protocol = result.GetValue(_protocol)!,
                Validation = result.GetValue(_validation) == "none" ? RecordValidation.None : RecordValidation.Libp2p,
                Lookup = new LookupParameters(result.GetValue(_alpha), result.GetValue(_beta), result.GetValue(_k)),
                DialTimeout = result.GetValue(_dialTimeout),
                RequestTimeout = result.GetValue(_requestTimeout),
                QueryTimeout = result.GetValue(_timeout),
            },
            Export = new SpanExportOptions { Endpoint = result.GetValue(_endpoint) },
            Site = result.GetValue(_site) ?? defaults.Site,
        };
    }

    /// <summary>
    /// The options that also apply to a query at a Kubo: where its spans and the permalink go, and the time limit if given.
    /// </summary>
    public KuboQueryOptions ReadKubo(ParseResult result) =>
        new()
        {
            Command = [],
            Timeout = result.GetResult(_timeout) is { Implicit: false } ? (TimeSpan)result.GetValue(_timeout) : null,
            Endpoint = result.GetValue(_endpoint),
            Site = result.GetValue(_site) ?? new NodeOptions().Site,
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
            Description =
                "Which records are valid: libp2p takes /ipns/, /pk/ and /v/; none takes any key and value, as on Substrate networks.",
            HelpName = "RULES",
            DefaultValueFactory = _ => "libp2p",
        };
        option.AcceptOnlyFromAmong("libp2p", "none");
        return option;
    }

    private static Option<int> Number(string name, string description, int defaultValue)
    {
        var option = new Option<int>(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => defaultValue,
        };
        option.Within(1, 1000);
        return option;
    }
}
