using DhtTracer.Multiformats;

namespace DhtTracer.Ingestion.Kubo;

/// <summary>The address of a Kubo's RPC API.</summary>
/// <param name="Url">Base address, such as <c>http://127.0.0.1:5001/</c>, without user info. For a Unix socket:
/// <c>http://unix/</c>.</param>
/// <param name="UnixSocket">Path of a Unix socket; null for TCP.</param>
public sealed record KuboAddress(Uri Url, string? UnixSocket)
{
    /// <summary>The text for "use the address in the repository of this user's Kubo".</summary>
    public const string Auto = "auto";

    /// <summary>Environment variable with the path of a Kubo repository.</summary>
    public const string RepositoryVariable = "IPFS_PATH";

    private const string ApiFile = "api";

    /// <summary>Parses an address: a URL, a multiaddr such as <c>/ip4/127.0.0.1/tcp/5001</c>, or <see cref="Auto"/>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="authorization">The user info of a URL (<c>http://user:password@host</c>); null if it has none.</param>
    /// <exception cref="KuboException">The text is not an address, or the daemon's repository has none.</exception>
    public static KuboAddress Parse(string text, out KuboAuthorization? authorization)
    {
        authorization = null;
        if (text == Auto)
        {
            return OfRepository(Environment.GetEnvironmentVariable(RepositoryVariable), out authorization);
        }

        if (text.StartsWith('/'))
        {
            return OfMultiaddr(text);
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new KuboException(
                KuboProblem.BadRequest,
                $"'{WithoutUser(text)}' is no address of a Kubo's RPC API, as in http://127.0.0.1:5001, /ip4/127.0.0.1/tcp/5001 or {Auto}."
            );
        }

        if (url.UserInfo.Length > 0)
        {
            authorization = KuboAuthorization.OfUserInfo(url.UserInfo);
        }

        return new KuboAddress(new Uri(url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)), null);
    }

    /// <summary>Reads the file <c>api</c>, where a running daemon stores its address.</summary>
    /// <param name="repository">The repository; null or empty for <c>~/.ipfs</c>.</param>
    /// <param name="authorization">The user info of a URL in the file; null if it has none.</param>
    /// <exception cref="KuboException">The file does not exist, or holds no address.</exception>
    public static KuboAddress OfRepository(string? repository, out KuboAuthorization? authorization)
    {
        var folder = string.IsNullOrEmpty(repository)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".ipfs")
            : repository;
        var file = Path.Combine(folder, ApiFile);
        string text;
        try
        {
            text = File.ReadAllText(file).Trim();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new KuboException(
                KuboProblem.BadRequest,
                $"{file} cannot be read: {failure.Message.TrimEnd('.')}. A running daemon keeps its address there; start it, set "
                    + $"{RepositoryVariable}, or give --kubo an address.",
                failure
            );
        }

        return text == Auto
            ? throw new KuboException(KuboProblem.BadRequest, $"{file} holds no address of an RPC API.")
            : Parse(text, out authorization);
    }

    /// <summary>The address as shown to users.</summary>
    public override string ToString() =>
        UnixSocket is { } path ? "/unix" + path : Url.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);

    private static KuboAddress OfMultiaddr(string text)
    {
        const string unix = "/unix/";
        if (text.StartsWith(unix, StringComparison.Ordinal))
        {
            return new KuboAddress(new Uri("http://unix/"), text[(unix.Length - 1)..]);
        }

        if (
            Multiaddr.TryParse(text, out var address)
            && address.Components.ToArray()
                is [{ Protocol.Name: "ip4" or "ip6" or "dns" or "dns4" or "dns6" } host, { Protocol.Name: "tcp" } port, .. var rest]
            && rest.All(static part => part.Protocol is { Name: "http" or "https" or "tls" })
        )
        {
            var scheme = rest.Any(static part => part.Protocol!.Name is "https" or "tls") ? "https" : "http";
            var name = host.Protocol!.Name == "ip6" ? $"[{host.ValueText}]" : host.ValueText;
            return new KuboAddress(new Uri($"{scheme}://{name}:{port.ValueText}/"), null);
        }

        throw new KuboException(
            KuboProblem.BadRequest,
            $"'{text}' is no address of an RPC API: /ip4, /ip6 or /dns with /tcp, or /unix, can be used."
        );
    }

    private static string WithoutUser(string text) => text.LastIndexOf('@') is >= 0 and var at ? text[(at + 1)..] : text;
}
