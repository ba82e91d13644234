namespace DhtTracer.Node;

/// <summary>Registers the control server and adds it to the pipeline of its port.</summary>
internal static class ControlPort
{
    /// <summary>Adds the server and its access rules.</summary>
    /// <param name="services">Services.</param>
    /// <param name="origins">Web origins that may use it, besides those of this machine.</param>
    public static IServiceCollection AddControlServer(this IServiceCollection services, IReadOnlyList<string> origins)
    {
        services.AddCors();
        services.AddRouting();
        services.AddSingleton(new ControlOrigins(origins));
        services.AddSingleton<ControlServer>();
        return services;
    }

    /// <summary>Adds the server to the pipeline of its port.</summary>
    public static void UseControlServer(this IApplicationBuilder port)
    {
        var server = port.ApplicationServices.GetRequiredService<ControlServer>();
        var origins = port.ApplicationServices.GetRequiredService<ControlOrigins>();
        port.Use((context, next) => origins.CheckAsync(context, next));
        port.UseCors(origins.Allow);
        port.UseRouting();
        port.UseEndpoints(server.Map);
    }
}
